// A receiver of webhooks, with nothing but Node's own library.
//
//     SECRET=whsec_... node receiver.mjs [PORT]
//
// Prints each event once, in the order in which it came.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const tolerance = 300; // seconds that the clocks may differ
const key = Buffer.from(process.env.SECRET.replace(/^whsec_/, ""), "base64");

// In a real receiver: a table with a unique key, written in the transaction
// that does the work.
const seen = new Set();

function isGenuine(headers, body) {
  const sentAt = headers["webhook-timestamp"] ?? "";
  const age = Math.abs(Date.now() / 1000 - Number(sentAt));
  if (!/^\d+$/.test(sentAt) || age > tolerance) return false;
  const wanted = createHmac("sha256", key)
    .update(`${headers["webhook-id"]}.${sentAt}.`)
    .update(body)
    .digest();
  // Several, with a blank between them, while a secret is being replaced.
  return (headers["webhook-signature"] ?? "").split(" ").some((one) => {
    const [version, signature = ""] = one.split(",");
    const given = Buffer.from(signature, "base64");
    return (
      version === "v1" &&
      given.length === wanted.length &&
      timingSafeEqual(given, wanted)
    );
  });
}

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    // The bytes as they came: the signature is over these.
    const body = Buffer.concat(chunks);
    if (!isGenuine(request.headers, body)) {
      response.writeHead(401).end();
      return;
    }
    const event = JSON.parse(body);
    if (!seen.has(event.id)) {
      // the same may come again
      seen.add(event.id);
      console.log(event.type, JSON.stringify(event.data));
    }
    response.writeHead(204).end();
  });
}).listen(Number(process.argv[2] ?? 8080), "127.0.0.1");
