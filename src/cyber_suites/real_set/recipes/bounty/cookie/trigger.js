// Feeds the input to the code; exit 3 if the code cannot even be loaded.
const fs = require("fs");
let code;
try {
  code = require("cookie");
} catch (error) {
  console.log(error);
  process.exit(3);
}
const given = fs.readFileSync(process.argv[2], "utf8");
let header;
try {
  header = code.serialize(given, "v");
} catch (error) {
  console.log(error);
  process.exit(1);
}
const options = header.split(";").slice(1).map((part) => part.trim().toLowerCase());
process.exit(options.some((part) => part.startsWith("domain=")) ? 0 : 1);
