// What the code has to do before and after its fix: a line on descriptor 3 for each that holds.
const fs = require("fs");

function check(name, holds) {
  try {
    if (holds()) fs.writeSync(3, `ok ${name}\n`);
  } catch (error) {
    console.log(name, error);
  }
}

const YAML = require("yaml");
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

check("a map", () => same(YAML.parse("a: 1\nb: [x, y]"), { a: 1, b: ["x", "y"] }));
check("a block", () => YAML.parse("|\n  a\n  b\n") === "a\nb\n");
check("anchors", () => same(YAML.parse("a: &x 1\nb: *x"), { a: 1, b: 1 }));
check("errors are told", () => YAML.parseDocument("a: b: c").errors.length === 1);
check("and where", () => /line 1/.test(YAML.parseDocument("a: b: c").errors[0].message));
check("parse throws them", () => {
  try {
    YAML.parse("[a");
  } catch (error) {
    return error.name === "YAMLParseError";
  }
});
check("writes a map", () => YAML.stringify({ a: [1, 2] }) === "a:\n  - 1\n  - 2\n");
check("writes a text", () => YAML.parse(YAML.stringify("a: b\n# c")) === "a: b\n# c");
check("several documents", () => YAML.parseAllDocuments("a\n---\nb").length === 2);
check("dates stay text", () => YAML.parse("2001-01-01") === "2001-01-01");
