// Feeds the input to the code; exit 3 if the code cannot even be loaded.
const fs = require("fs");
let code;
try {
  code = require("yaml");
} catch (error) {
  console.log(error);
  process.exit(3);
}
const given = fs.readFileSync(process.argv[2], "utf8");
try {
  code.parseDocument(given);
} catch (error) {
  console.log(error);
  process.exit(0);
}
process.exit(1);
