// Feeds the input to the code; exit 3 if the code cannot even be loaded.
const fs = require("fs");
let code;
try {
  code = require("json5");
} catch (error) {
  console.log(error);
  process.exit(3);
}
const given = fs.readFileSync(process.argv[2], "utf8");
let parsed;
try {
  parsed = code.parse(given);
} catch (error) {
  console.log(error);
  process.exit(1);
}
const inherited = parsed instanceof Object && parsed.admin === true && !Object.hasOwn(parsed, "admin");
process.exit(inherited ? 0 : 1);
