@ A program that says something on UART0 and then nothing more: an image that never gets READY.
    .syntax unified
    .cpu cortex-m3
    .thumb
    .word 0x20400000                @ initial stack pointer
    .word reset
    .thumb_func
reset:
    ldr r0, =0x40004000             @ UART0 of the MPS2 (CMSDK APB UART)
    movs r1, #1
    str r1, [r0, #8]                @ CTRL: transmitter on
    ldr r2, =text
next:
    ldrb r1, [r2], #1
    cbz r1, end
full:
    ldr r3, [r0, #4]                @ STATE: transmit buffer full?
    lsls r3, r3, #31
    bne full
    str r1, [r0]
    b next
end:
    wfi
    b end
text:
    .asciz "Starting ...\r\nOops, out of ideas\r\n"
    .asciz "microdot-build:board=qemu;id=00000000dead;"
