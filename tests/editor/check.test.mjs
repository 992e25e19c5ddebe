// What the author of a plan sees in an editor: schemas/plan.schema.json in yaml-language-server. `.ci/editor` runs it.
//
// What the server itself can't do, whatever the schema: it offers nothing where a `{ }` has not begun.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Server } from "./server.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HEAD = "version: 1\ntargets: [1]\n";
const STEPS = `${HEAD}steps:\n`;
const END = "steps: [{ dup: [1] }]\n";

let server;
before(async () => {
  server = await Server.start(process.env.YAML_LANGUAGE_SERVER, join(ROOT, "schemas/plan.schema.json"));
});
after(() => server?.end());

const COMPLETIONS = {
  "keys of a plan": ["ver¦", ["version", "targets", "steps", "unless"]],
  "calls, where a step begins": [`${STEPS}  - ¦`, ["open", "dup2", "madvise", "prctl"]],
  "calls, where one is begun": [`${STEPS}  - op¦`, ["open", "openat"]],
  "calls in a list without indentation": [`${STEPS}- op¦`, ["open", "openat"]],
  "calls before other steps": [`${STEPS}  - ¦\n  - dup: [1]\n`, ["open"]],
  "modifiers": [`${STEPS}  - dup: [1]\n    ¦`, ["capture", "when", "unless", "for_each", "irreversible", "timeout"]],
  "arguments in a block": [`${STEPS}  - open:\n      ¦`, ["pathname", "flags", "mode"]],
  "arguments in braces": [`${STEPS}  - open: { pathname: /x, fl¦ }`, ["flags", "mode"]],
  "a flag alone": [`${STEPS}  - open:\n      flags: ¦`, ["O_RDONLY", "O_CLOEXEC"]],
  "a flag alone, in braces": [`${STEPS}  - open: { flags: O_¦ }`, ["O_RDONLY", "O_CLOEXEC"]],
  "flags in a list": [`${STEPS}  - open: { flags: [O_WRONLY, O_A¦] }`, ["O_APPEND"]],
  "flags in a list, not begun": [`${STEPS}  - open: { flags: [O_WRONLY, ¦] }`, ["O_APPEND"]],
  "flags in a block": [`${STEPS}  - open:\n      flags:\n        - ¦`, ["O_APPEND"]],
  "constants by position": [`${STEPS}  - open: [/x, O_¦]`, ["O_RDONLY"]],
  "constants by position, not begun": [`${STEPS}  - madvise: [1, 2, ¦]`, ["MADV_HUGEPAGE"]],
  "the first by position": [`${STEPS}  - prctl: [PR_SET¦]`, ["PR_SET_NO_NEW_PRIVS"]],
  "fields of a structure": [`${STEPS}  - nanosleep: [{ struct: { t¦ } }]`, ["tv_sec", "tv_nsec"]],
  "forms of memory": [`${STEPS}  - write: [1, { b¦ }]`, ["bytes", "base64", "out"]],
  "errors": [`${STEPS}  - dup: [1]\n    ignore: [EB¦]`, ["EBADF"]],
  "threads": [`${STEPS}  - dup: [1]\n    thread: ¦`, ["all", "leader"]],
  "what is gone over": [`${STEPS}  - dup: [1]\n    for_each:\n      ¦`, ["mapping", "fd", "thread"]],
  "patterns of mappings": [`${STEPS}  - dup: [1]\n    for_each:\n      mapping:\n        ¦`, ["perms", "min_size"]],
  "patterns of descriptors": [`${STEPS}  - dup: [1]\n    for_each: { fd: { p¦ } }`, ["path", "kind", "flags"]],
  "kinds of descriptors": [`${STEPS}  - dup: [1]\n    for_each: { fd: { kind: s¦ } }`, ["socket"]],
  "facts of a step": [`${STEPS}  - dup: [1]\n    when:\n      - c¦`, ["cwd", "comm", "fd", "rlimit"]],
  "facts of a plan": [`${HEAD}unless:\n  - ¦`, ["cwd", "comm", "fd", "rlimit"]],
  "facts of a plan, without a list": [`${HEAD}when:\n  ¦`, ["cwd", "comm", "fd", "rlimit"]],
  "selectors": ["version: 1\ntargets:\n  - ¦", ["pid", "pidfile", "match", "expect", "with"]],
  "what is matched": ["version: 1\ntargets:\n  - match:\n      ¦", ["exe", "unit", "listen", "user"]],
  "what is expected": ["version: 1\ntargets:\n  - pid: 1\n    expect: { e¦ }", ["exe", "env"]],
};
for (const [what, [marked, due]] of Object.entries(COMPLETIONS)) {
  test(`completes ${what}`, async () => {
    const labels = (await server.completions(marked)).map((item) => item.label);
    assert.deepEqual(due.filter((word) => !labels.includes(word)), [], labels.join(" "));
  });
}

test("completions say what they are", async () => {
  const items = await server.completions(`${STEPS}  - ¦`);
  const of = (label) => items.find((item) => item.label === label).documentation;
  assert.match(of("open"), /^open\(pathname, flags, mode\) — opens a file/);
  assert.match(of("write"), /can't be undone/);
});

const HOVERS = {
  "a call": [`${STEPS}  - op¦en: { pathname: /x }`, /^#### open\n\nopen\(pathname, flags, mode\) — opens a file/],
  "a call with a list": [`${STEPS}  - du¦p: [1]`, /^#### dup\n\ndup\(oldfd\) — gives a second descriptor/],
  "a call that can't be undone": [`${STEPS}  - wri¦te: [1, x]`, /^#### write\n\n.*can't be undone/],
  "an argument": [`${STEPS}  - open: { path¦name: /x }`, /^#### pathname\n\na file name/],
  "an argument with flags": [`${STEPS}  - open: { fla¦gs: O_RDONLY }`, /^#### flags\n\none of the open flags[^]*O\\?_CLOEXEC/],
  "an argument by position": [`${STEPS}  - dup2: [1¦1, 2]`, /^#### oldfd\n\na descriptor/],
  "a constant by position": [`${STEPS}  - open: [/x, O_RD¦ONLY, 0]`, /^#### flags\n\none of the open flags/],
  "a modifier": [`${STEPS}  - dup: [1]\n    cap¦ture: x`, /^#### capture\n\nBind the result/],
  "a timeout": [`${STEPS}  - dup: [1]\n    time¦out: 1s`, /500ms/],
  "a fact": [`${STEPS}  - dup: [1]\n    when: { ex¦e: /x }`, /^#### exe\n\nIts executable/],
  "a selector": ["version: 1\ntargets:\n  - pi¦d: 1", /^#### pid\n\nThe id of the process/],
  "the steps": [`${HEAD}ste¦ps: [{ dup: [1] }]`, /in order/],
};
for (const [what, [marked, due]] of Object.entries(HOVERS)) {
  test(`hover shows ${what}`, async () => {
    assert.match(await server.hover(marked), due);
  });
}

// The place that is marked stands between « and ».
const WRONG = {
  "a call": ["  - «opne»: [/x]", /opne is not allowed/],
  "a forbidden call": ["  - «execve»: [/x]", /execve is not allowed/],
  "an argument": ["  - open: { «pathnme»: /x }", /pathnme is not allowed/],
  "a constant": ["  - open: { pathname: /x, flags: «O_WRONL» }", /^Not one of the open flags: O_RDONLY/],
  "a constant in a list": ["  - open: { flags: [O_WRONLY, «O_CRAET»] }", /^Not one of the open flags: O_RDONLY/],
  "a constant by position": ["  - madvise: [1, 2, «MADV_HUGE»]", /^Not one of the madvise advice: MADV_/],
  "a modifier": ["  - dup: [1]\n    «captur»: x", /captur is not allowed/],
  "a second call": ["  - «d»up: [1]\n    close: [1]", /^A step makes one system call/],
  "no call": ["  - «c»apture: x", /^A step names one system call/],
  "too many arguments": ["  - dup: «[1, 2, 3]»", /too many items. Expected 1/],
  "arguments without a list": ["  - dup: «1»", /Expected one of array, object/],
  "a text for a descriptor": ["  - dup: [«abc»]", /^a descriptor is due: a number or \$\{name\}/],
  "undo: none": ["  - write: [1, x]\n    «undo»: none", /needs `irreversible: true`/],
  "a constant under undo": ["  - dup: [1]\n    undo:\n      - open: { flags: «O_RDNLY» }", /^Not one of the open flags/],
  "a target under undo": ["  - dup: [1]\n    undo:\n      - close: [3]\n        «target»: app", /target is not allowed/],
  "a mode of undo": ["  - dup: [1]\n    undo: «never»", /"auto", "none"/],
  "repetition": ["  - dup: [1]\n    for_each: { «fdd»: {} }", /fdd is not allowed/],
  "repetition over nothing": ["  - dup: [1]\n    «for_each»: {}", /^One of mapping, fd, thread is due/],
  "a pattern": ["  - dup: [1]\n    for_each: { fd: { «pth»: /x } }", /pth is not allowed/],
  "a fact": ["  - dup: [1]\n    when: { «cwdd»: /x }", /cwdd is not allowed/],
  "a comparison": ["  - dup: [1]\n    when: «fd»", /^A comparison is due/],
  "a timeout": ["  - dup: [1]\n    timeout: «5»", /^A time is due/],
  "a capture": ["  - dup: [1]\n    capture: { «oldf»: x }", /"return", "oldfd"/],
  "an error": ["  - dup: [1]\n    ignore: [«EBADFF»]", /^Not the name of an error/],
  "a thread": ["  - dup: [1]\n    thread: «every»", /^all is due, or leader/],
  "a field": ["  - nanosleep: [{ struct: { «tv_sc»: 1 } }]", /tv_sc is not allowed/],
};
for (const [what, [marked, message]] of Object.entries(WRONG)) {
  test(`marks ${what}`, () => marks(`${STEPS}${marked}\n`, message));
}
const WRONG_HEADS = {
  "a key of a target": [`version: 1\ntargets: [{ pid: 1, «expct»: {} }]\n${END}`, /expct is not allowed/],
  "a fact of a target": [`version: 1\ntargets: [{ match: { «comn»: x } }]\n${END}`, /comn is not allowed/],
  "a target without a selector": [`version: 1\ntargets: [«{» name: x }]\n${END}`, /one of pid, pidfile and match/],
  "who comes with it": [`version: 1\ntargets: [{ pid: 1, with: «child» }]\n${END}`, /"children", "descendants"/],
  "a fact of a plan": [`${HEAD}unless: [{ fd: { «numbr»: 1 } }]\n${END}`, /numbr is not allowed/],
  "a key of a plan": [`${HEAD}«whn»: { comm: x }\n${END}`, /whn is not allowed/],
};
for (const [what, [marked, message]] of Object.entries(WRONG_HEADS)) {
  test(`marks ${what}`, () => marks(marked, message));
}

async function marks(marked, message) {
  const found = await server.diagnostics(marked.replaceAll(/[«»]/g, ""));
  assert.equal(found.length, 1, JSON.stringify(found.map((one) => one.message)));
  assert.match(found[0].message, message);
  const place = (text) => ({ line: text.split("\n").length - 1, character: text.split("\n").at(-1).length });
  const [before, wrong] = marked.split(/[«»]/);
  assert.deepEqual(found[0].range, { start: place(before), end: place(before + wrong) });
}

test("marks nothing in the examples", async () => {
  const plans = readdirSync(join(ROOT, "plans")).filter((name) => name.endsWith(".yaml"));
  assert.ok(plans.length >= 15);
  for (const name of plans) {
    const path = join(ROOT, "plans", name);
    const found = await server.diagnostics(readFileSync(path, "utf8"), path);
    assert.deepEqual(found.map((one) => one.message), [], name);
  }
});

test("completes without a wait that is felt", async () => {
  const taken = [];
  for (let round = 0; round < 9; round++) {
    const start = performance.now();
    await server.completions(`${STEPS}  - op¦`);
    taken.push(performance.now() - start);
  }
  const median = taken.sort((a, b) => a - b)[4];
  console.log(`completion of a call: ${median.toFixed(0)} ms`);
  assert.ok(median < 1000, `${median} ms`);
});
