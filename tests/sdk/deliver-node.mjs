// Delivers one of every call with Segment's SDK for Node: `node deliver-node.mjs HOST WRITE_KEY`.
// Prints what the SDK calls a failure, one line of JSON each.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, maxRetries: 3, flushAt: 20 });
analytics.on("error", (error) => console.log(JSON.stringify({ code: error.code, reason: String(error.reason) })));

const timestamp = new Date("2026-01-02T03:04:05.678Z");
analytics.page({ anonymousId: "a-node", name: "Home", category: "Shop", properties: { url: "/" }, timestamp });
analytics.track({ anonymousId: "a-node", event: "Product Viewed", properties: { price: 59.99, name: "Größe 🎈" } });
analytics.identify({ userId: "u-node", anonymousId: "a-node", traits: { plan: "gold", age: 30 } });
analytics.group({ userId: "u-node", groupId: "acme", traits: { seats: 3 } });
analytics.screen({ userId: "u-node", name: "Cart", properties: { items: 2 } });
analytics.alias({ userId: "u-node", previousId: "a-node" });
analytics.track({ userId: "u-node", event: "Order Completed", properties: { revenue: 59.99 }, messageId: "order-1" });

await analytics.closeAndFlush({ timeout: 20000 });
