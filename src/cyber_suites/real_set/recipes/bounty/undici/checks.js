// What the code has to do before and after its fix: a line on descriptor 3 for each that holds.
const fs = require("fs");

async function check(name, holds) {
  try {
    if (await holds()) fs.writeSync(3, `ok ${name}\n`);
  } catch (error) {
    console.log(name, error);
  }
}

const http = require("http");
const undici = require("undici");

const server = http.createServer((request, response) => {
  if (request.url === "/moved") {
    response.writeHead(302, { location: "/" });
    return response.end();
  }
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ method: request.method, headers: request.headers, body }));
  });
});

async function all(base) {
  const get = async (path, options) => (await undici.request(base + path, options)).body.json();
  await checks(base, get);
  process.exit(0);
}

async function checks(base, get) {
  const auth = { headers: { "proxy-authorization": "s", authorization: "t" }, maxRedirections: 1 };
  const done = [];
  const check = (name, holds) => done.push([name, holds]);
check("a request", async () => (await get("/")).method === "GET");
check("a body", async () => (await get("/", { method: "POST", body: "abc" })).body === "abc");
check("headers", async () => (await get("/", { headers: { a: "b" } })).headers.a === "b");
check("a redirect", async () => (await get("/moved", { maxRedirections: 1 })).method === "GET");
check("credentials stay", async () => (await get("/moved", auth)).headers["proxy-authorization"] === "s");
check("both of them", async () => (await get("/moved", auth)).headers.authorization === "t");
check("fetch", async () => (await (await undici.fetch(base + "/")).json()).method === "GET");
check("fetch follows", async () => (await undici.fetch(base + "/moved")).redirected);
check("a pool", async () => (await new undici.Pool(base).request({ path: "/", method: "GET" })).statusCode === 200);
  for (const [name, holds] of done) await outcome(name, holds);
}

const outcome = check;
server.listen(0, "127.0.0.1", () => all(`http://127.0.0.1:${server.address().port}`));
