"""The page that shows an OpenAPI document; the document's URL goes between the two parts."""

HEAD = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>API</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--mute:#667;--get:#0a6a4b;--post:#0b5cad;
--put:#8a5a00;--patch:#6b4fbb;--delete:#b3261e}
@media(prefers-color-scheme:dark){:root{--mute:#9aa;--get:#4cc38a;--post:#6cb6ff;--put:#e0b050;
--patch:#b39df3;--delete:#ff8a80}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:56rem;padding:1rem}
h1{font-size:1.6rem;margin:.5rem 0 0}
h1 small,.mute{color:var(--mute);font-weight:400;font-size:.9rem}
h2{font-size:1.1rem;margin:2rem 0 .5rem;text-transform:capitalize}
h3{font-size:.9rem;margin:1rem 0 .3rem;color:var(--mute)}
p{margin:.3rem 0;white-space:pre-line}
details{border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0;overflow:hidden}
summary{cursor:pointer;padding:.55rem .8rem;display:flex;flex-wrap:wrap;gap:.1rem .7rem;
align-items:baseline}
summary:hover{background:var(--soft)}summary:focus-visible{outline:2px solid var(--post)}
summary b{font:700 .8rem/1.5 ui-monospace,monospace;min-width:3.6rem}
code,pre,textarea,.in{font:.9rem/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
.off code{text-decoration:line-through}
.box{padding:0 .8rem .8rem;border-top:1px solid var(--line)}
.row{display:grid;grid-template-columns:minmax(7rem,13rem) 1fr;gap:.15rem .8rem;padding:.25rem 0}
.row>*{min-width:0}
input,textarea,button{font-size:1rem;padding:.4rem .6rem;border:1px solid var(--line);
border-radius:.35rem;background:var(--soft);color:inherit;width:100%}
button{width:auto;cursor:pointer;background:var(--post);color:Canvas;border:0;margin-top:.8rem;
padding:.45rem 1.4rem;font-weight:600}
pre{background:var(--soft);padding:.6rem;border-radius:.35rem;margin:.6rem 0 0;
white-space:pre-wrap;max-height:24rem;overflow:auto}
@media(max-width:36rem){body{padding:.6rem}.row{grid-template-columns:1fr}}
</style></head><body data-url=\""""

TAIL = b"""\"><main id="main"><p>Loading&hellip;</p></main><script>
"use strict";
let doc;
const main = document.getElementById("main");
// Everything is put in as text: nothing of the document can become part of the page.
function el(tag, props, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter(c => c != null));
  return node;
}
const byRef = s => s.$ref.slice(2).split("/").reduce((o, k) => o && o[k], doc) || {};
const nameOf = s => s.$ref.split("/").pop();
const bare = /^[\\w$]+$/;

// A schema the way people write types.
function type(s, pad = "") {
  if (s === true || !s || !Object.keys(s).length) return "any";
  if (s.$ref) return nameOf(s);
  if (s.enum) return s.enum.map(v => JSON.stringify(v)).join(" | ");
  if ("const" in s) return JSON.stringify(s.const);
  const many = s.anyOf || s.oneOf || s.allOf;
  if (many) return many.map(x => type(x, pad)).join(s.allOf ? " & " : " | ");
  if (s.type == "array") {
    const items = type(s.items || {}, pad);
    return (/[ |]/.test(items) && items[0] != "{" ? "(" + items + ")" : items) + "[]";
  }
  if (s.properties) {
    const more = pad + "  ", need = s.required || [];
    return "{\\n" + Object.entries(s.properties).map(([k, v]) => more +
      (bare.test(k) ? k : JSON.stringify(k)) + (need.includes(k) ? "" : "?") + ": " +
      type(v, more) + (v.description ? "  // " + v.description : "")).join("\\n") +
      "\\n" + pad + "}";
  }
  if (s.additionalProperties) return "{[name]: " + type(s.additionalProperties, pad) + "}";
  let text = [].concat(s.type || "any").join(" | ");
  const limits = [["format", ""], ["minimum", ">= "], ["maximum", "<= "],
    ["minLength", "length >= "], ["maxLength", "length <= "], ["pattern", "like "]];
  const said = limits.filter(([k]) => k in s).map(([k, t]) => t + s[k]);
  return text + (said.length ? " (" + said.join(", ") + ")" : "");
}

const whole = s => s && s.$ref ? nameOf(s) + " " + type(byRef(s)) : type(s);

// A value to start from.
function example(s, depth = 0) {
  if (!s || depth > 5) return null;
  if (s.$ref) return example(byRef(s), depth + 1);
  if ("example" in s) return s.example;
  if ("default" in s) return s.default;
  if (s.examples) return s.examples[0];
  if (s.enum) return s.enum[0];
  if ("const" in s) return s.const;
  const many = s.anyOf || s.oneOf || s.allOf;
  if (many) return example(many[0], depth + 1);
  if (s.properties) return Object.fromEntries(Object.entries(s.properties)
    .map(([k, v]) => [k, example(v, depth + 1)]));
  return {array: () => [example(s.items, depth + 1)], object: () => ({}),
    string: () => "x".repeat(s.minLength || 0), integer: () => s.minimum || 0,
    number: () => s.minimum || 0, boolean: () => false}[s.type]?.() ?? null;
}

function row(name, ...rest) {
  return el("div", {className: "row"}, el("div", {}, ...[].concat(name)), el("div", {}, ...rest));
}

function operation(method, path, op, shared) {
  const inputs = [], box = el("div", {className: "box"});
  const params = [...(shared || []), ...(op.parameters || [])].map(p => p.$ref ? byRef(p) : p);
  if (op.description) box.append(el("p", {}, op.description));
  if (op.security) box.append(el("p", {className: "mute"}, "Needs: " +
    op.security.map(s => Object.keys(s).join(" and ") || "nothing").join(" or ")));
  if (params.length) box.append(el("h3", {}, "Parameters"));
  for (const p of params) {
    const label = p.name + (p.required ? " *" : "");
    const input = el("input", {className: "in", ariaLabel: p.name, placeholder: type(p.schema)});
    inputs.push([p, input]);
    box.append(row([el("code", {}, label), el("div", {className: "mute"},
      p.in + (p.description ? ": " + p.description : ""))], input));
  }
  let body, kind;
  for (const [k, media] of Object.entries(op.requestBody?.content || {}).slice(0, 1)) {
    kind = k;
    const json = kind.includes("json");
    body = el("textarea", {rows: 6, spellcheck: false, ariaLabel: "Body",
      value: json ? JSON.stringify(example(media.schema), null, 2) : ""});
    box.append(el("h3", {}, "Body: " + kind), el("pre", {}, whole(media.schema)), el("p", {}),
      body);
  }
  box.append(el("h3", {}, "Responses"));
  for (const [status, r] of Object.entries(op.responses || {})) {
    const what = [el("div", {}, r.description || "")];
    for (const [k, media] of Object.entries(r.content || {}))
      what.push(el("pre", {}, k + "\\n" + whole(media.schema)));
    box.append(row(el("code", {}, status), ...what));
  }
  const out = el("pre", {hidden: true, ariaLive: "polite"});
  const send = el("button", {type: "button", onclick: () => run()}, "Send");
  box.append(send, out);

  async function run() {
    let url = path, query = new URLSearchParams(), headers = new Headers();
    const auth = document.getElementById("auth");
    if (auth && auth.value) headers.set("Authorization", auth.value);
    for (const [p, input] of inputs) {
      if (p.in == "path") url = url.replace("{" + p.name + "}", encodeURIComponent(input.value));
      else if (!input.value) continue;
      else if (p.in == "query") query.append(p.name, input.value);
      else if (p.in == "header") headers.set(p.name, input.value);
    }
    if (kind && kind != "multipart/form-data") headers.set("Content-Type", kind);
    const base = (doc.servers?.[0].url || "").replace(/\\/$/, "");
    out.hidden = false;
    out.textContent = "\\u2026";
    send.disabled = true;
    const start = performance.now();
    try {
      const r = await fetch(base + url + (String(query) && "?" + query),
        {method: method.toUpperCase(), headers, body: body ? body.value : undefined});
      let text = await r.text();
      try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON */ }
      out.textContent = r.status + " " + r.statusText + "  " +
        Math.round(performance.now() - start) + " ms\\n" +
        [...r.headers].map(h => h.join(": ")).join("\\n") + "\\n\\n" + text;
    } catch (e) {
      out.textContent = "No answer: " + e.message;
    }
    send.disabled = false;
  }
  const badge = el("b", {}, method.toUpperCase());
  badge.style.color = "var(--" + method + ")";
  return el("details", {className: op.deprecated ? "off" : ""}, el("summary", {}, badge,
    el("code", {}, path), el("span", {className: "mute"}, op.summary || "")), box);
}

function show() {
  document.title = doc.info.title;
  main.replaceChildren(el("h1", {}, doc.info.title + " ", el("small", {}, doc.info.version)));
  if (doc.info.description) main.append(el("p", {}, doc.info.description));
  const link = el("a", {href: document.body.dataset.url}, "OpenAPI " + doc.openapi + " document");
  main.append(el("p", {className: "mute"}, link));
  if (doc.components?.securitySchemes)
    main.append(row([el("code", {}, "Authorization"), el("div", {className: "mute"},
      "header for all requests, if needed")], el("input", {id: "auth", className: "in",
      ariaLabel: "Authorization", placeholder: "Bearer \\u2026"})));
  const groups = new Map();
  for (const [path, item] of Object.entries(doc.paths))
    for (const [method, op] of Object.entries(item)) {
      if (!op.responses) continue;
      const tag = op.tags?.[0] || "";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(method, path, op, item.parameters));
    }
  for (const [tag, nodes] of groups)
    main.append(el("h2", {}, tag || (groups.size > 1 ? "Other" : "Operations")), ...nodes);
  const schemas = Object.entries(doc.components?.schemas || {});
  if (schemas.length) main.append(el("h2", {}, "Schemas"));
  for (const [name, s] of schemas)
    main.append(el("details", {}, el("summary", {}, el("code", {}, name),
      el("span", {className: "mute"}, s.description || "")),
      el("div", {className: "box"}, el("pre", {}, type(s)))));
}

fetch(document.body.dataset.url).then(r => r.ok ? r.json() : Promise.reject(Error(r.status)))
  .then(d => { doc = d; show(); })
  .catch(e => main.replaceChildren(el("p", {}, "The document cannot be loaded: " + e.message)));
</script></body></html>
"""
