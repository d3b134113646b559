// What the code has to do before and after its fix: a line on descriptor 3 for each that holds.
const fs = require("fs");

function check(name, holds) {
  try {
    if (holds()) fs.writeSync(3, `ok ${name}\n`);
  } catch (error) {
    console.log(name, error);
  }
}

const cookie = require("cookie");
const refuses = (...given) => {
  try {
    cookie.serialize(...given);
  } catch (error) {
    return error instanceof TypeError;
  }
};

check("reads", () => cookie.parse("a=1; b=2").b === "2");
check("reads encoded", () => cookie.parse("a=%20").a === " ");
check("reads quoted", () => cookie.parse('a="b c"').a === "b c");
check("the first counts", () => cookie.parse("a=1; a=2").a === "1");
check("writes", () => cookie.serialize("a", "b") === "a=b");
check("encodes", () => cookie.serialize("a", "b c") === "a=b%20c");
check("a path", () => cookie.serialize("a", "b", { path: "/c" }) === "a=b; Path=/c");
check("an age", () => cookie.serialize("a", "b", { maxAge: 9 }) === "a=b; Max-Age=9");
check("flags", () => cookie.serialize("a", "b", { httpOnly: true, secure: true }) === "a=b; HttpOnly; Secure");
check("same site", () => cookie.serialize("a", "b", { sameSite: "lax" }) === "a=b; SameSite=Lax");
check("a domain", () => cookie.serialize("a", "b", { domain: "c.org" }) === "a=b; Domain=c.org");
check("refuses line ends", () => refuses("a\n", "b") && refuses("a", "b", { path: "c\n" }));
