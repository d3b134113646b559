// What the code has to do before and after its fix: a line on descriptor 3 for each that holds.
const fs = require("fs");

function check(name, holds) {
  try {
    if (holds()) fs.writeSync(3, `ok ${name}\n`);
  } catch (error) {
    console.log(name, error);
  }
}

const JSON5 = require("json5");
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const refuses = (text) => {
  try {
    JSON5.parse(text);
  } catch (error) {
    return error instanceof SyntaxError;
  }
};

check("an object", () => same(JSON5.parse("{a: 1, 'b': [2, 3,],}"), { a: 1, b: [2, 3] }));
check("comments", () => JSON5.parse("// x\n1 /* y */") === 1);
check("numbers", () => same(JSON5.parse("[+1, .5, 0x10, 1e3]"), [1, 0.5, 16, 1000]));
check("infinity", () => JSON5.parse("-Infinity") === -Infinity);
check("texts", () => JSON5.parse("'a\\\nb'") === "ab");
check("nested", () => same(JSON5.parse("{a: {b: {c: null}}}"), { a: { b: { c: null } } }));
check("a reviver", () => JSON5.parse("{a: 1}", (key, value) => (key === "a" ? 2 : value)).a === 2);
check("refuses", () => refuses("{a: }") && refuses("[1"));
check("writes", () => JSON5.stringify({ a: 1, "b-c": "d" }) === "{a:1,'b-c':'d'}");
check("writes with spaces", () => JSON5.stringify([1], null, 2) === "[\n  1,\n]");
