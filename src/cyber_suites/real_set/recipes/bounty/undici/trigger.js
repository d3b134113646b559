// Feeds the input to the code; exit 3 if the code cannot even be loaded.
const fs = require("fs");
let code;
try {
  code = require("undici");
} catch (error) {
  console.log(error);
  process.exit(3);
}
const given = fs.readFileSync(process.argv[2], "utf8");
const http = require("http");
const listening = (handler) =>
  new Promise((ready) => {
    const server = http.createServer(handler).listen(0, "127.0.0.1", () => ready(server));
  });

(async () => {
  let received = false;
  const second = await listening((request, response) => {
    received ||= request.headers["proxy-authorization"] === "secret";
    response.end();
  });
  const host = `127.0.0.1:${second.address().port}`;
  const first = await listening((request, response) => {
    response.writeHead(302, { location: given.trim().replaceAll("HOST", host) });
    response.end();
  });
  const headers = { "Proxy-Authorization": "secret", Accept: "*/*" };
  try {
    const answer = await code.request(`http://127.0.0.1:${first.address().port}/`, {
      headers,
      maxRedirections: 3,
    });
    await answer.body.dump();
  } catch (error) {
    console.log(error);
  }
  process.exit(received ? 0 : 1);
})();
