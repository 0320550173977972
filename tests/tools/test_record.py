"""tools/record.py: the flash that frozen modules take, out of the linker's map."""

from __future__ import annotations

from pathlib import Path

import record

MAP = """\
Discarded input sections

 .rodata.fun_data_microdot_app_unused
                0x00000000       0x99 /build/obj/frozen_content.o

Linker script and memory map

LOAD /build/obj/frozen_content.o
 .rodata.mp_frozen_names
                0x0005a520       0x20 /build/obj/frozen_content.o
                0x0005a520                mp_frozen_names
 *fill*         0x0005a540        0x1
 .rodata.frozen_module_microdot_app
                0x0005a544        0xc /build/obj/frozen_content.o
 .rodata.str1.1
                0x0005a550       0x64 /build/obj/frozen_content.o
                                 0x86 (size before relaxing)
 .rodata.const_obj_microdot_app_0
                0x0005a5b4       0x10 /build/obj/frozen_content.o
 .rodata.fun_data_microdot_app_page_get
                0x0005a5c4        0x8 /build/obj/frozen_content.o
 .rodata.proto_fun_microdot___init____lt_module_gt_
                0x0005a5cc        0x4 /build/obj/frozen_content.o
 .rodata.fun_data_main__boot
                0x0005a5d0        0x2 /build/obj/frozen_content.o
 .rodata        0x0005a5d2        0x7 /build/obj/frozen_content.o
 .rodata.str1.1
                0x0005a5d9       0x40 /build/obj/py/lexer.o
 .debug_info    0x000f0b7c     0xd3e5 /build/obj/frozen_content.o
"""
SOURCE = """\
static const mp_obj_str_t const_obj_microdot_app_0 = {{&mp_type_str}, 4711, 29, (const byte*)"x"};
"""
FILES = ["main.py", "microdot/__init__.py", "microdot/app.py", "microdot/app_page.py"]


def test_the_flash_of_each_module() -> None:
    assert record.flash_of_modules(MAP, SOURCE, FILES) == {
        "main.py": 0x2,
        "microdot/__init__.py": 0x4,
        "microdot/app.py": 0xC + 0x10 + 30,  # a string ends with a zero byte
        "microdot/app_page.py": 0x8,
        "names": 0x20 + 0x64 + 0x7 - 30,
    }


def test_the_flash_of_parts() -> None:
    sizes = {
        "_boot.py": 1,
        "app.py": 2,
        "device/boot.py": 4,
        "main.py": 8,
        "microdot/app.py": 16,
        "microdot/sse.py": 32,
        "names": 64,
    }
    assert record.flash_of_parts(sizes, ("microdot/app.py",), {"app.py"}) == {
        "microdot core": 16,
        "extensions": 32,
        "device": 12,
        "application": 2,
        "others": 1,
        "names": 64,
    }


def test_the_core_is_what_the_frameworks_manifest_lists() -> None:
    core = record.core_modules(record.ROOT / "manifest.py")
    assert "microdot/server.py" in core
    assert all((Path(record.ROOT) / file).exists() for file in core)
