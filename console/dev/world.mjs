// A small believable shop, the same at every start. Only for working on the console without a server.

let seed = 20240511
export const draw = () => {
  seed = (seed * 1664525 + 1013904223) % 4294967296
  return seed / 4294967296
}
export const pick = (list) => list[Math.floor(draw() * list.length)]

const FIRST = ['Beatriz', 'Chidi', 'Uma', 'Noah', 'Hannah', 'Ismael', 'Elif', 'Jia Lin', 'Lucía', 'Maya', 'Oksana', 'Quentin', 'Tomás', 'Aino']
const LAST = ['Rocha', 'Okafor', 'Rao', 'Berg', 'Weiss', 'Duarte', 'Kaya', 'Tan', 'Romero', 'Krishnan', 'Bondar', 'Morel', 'Silva', 'Virtanen']
const PRODUCTS = [['Merino crew, navy', 89], ['Trail jacket', 129], ['Wool socks, 3 pairs', 24.5], ['Day pack 22 l', 74.9], ['Steel bottle', 32]]

export const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString()

export const people = Array.from({ length: 300 }, (_, i) => {
  const first = FIRST[i % FIRST.length]
  const last = LAST[(i * 5 + Math.floor(i / 14)) % LAST.length]
  const known = i % 9 !== 8
  const mail = `${first}.${last}.${i}@example.com`.toLowerCase().replace(/ /g, '').normalize('NFD').replace(/[^a-z0-9.@]/g, '')
  const traits = known
    ? { first_name: first, last_name: last, email: mail, country: pick(['DE', 'FR', 'PT', 'GB', 'IN', 'BR']), plan: pick(['free', 'plus', 'gold']), age: 20 + (i % 45), newsletter: i % 3 === 0, sizes: ['M', 'L'] }
    : {}
  return { person: i + 1, user_id: known ? `c-${String(i + 1).padStart(5, '0')}` : `a-${(i * 7919).toString(36)}`, known, traits, first_seen: ago(86400 * (20 + draw() * 70)), last_seen: ago(draw() * 86400 * 12), anonymous: `a-${(i * 7919).toString(36)}` }
})
people[3].traits = { first_name: '<img src=x onerror="window.__pwned=1">', last_name: '<script>window.__pwned=1</script>', email: 'x@example.com', country: 'DE' }

const NAMES = ['Product Viewed', 'Product Viewed', 'Product Viewed', 'Product Added', 'Product Added', 'Checkout Started', 'Order Completed', 'Page Viewed', 'Products Searched']

export function happened(person, secondsAgo, name = pick(NAMES)) {
  const [product, price] = pick(PRODUCTS)
  const at = ago(secondsAgo)
  const properties =
    name === 'Page Viewed' ? { path: '/collections/winter', name: 'Winter' }
    : name === 'Products Searched' ? { query: 'rain jacket' }
    : name === 'Order Completed' ? { order_id: `8${Math.floor(draw() * 9999)}`, revenue: price * 2, currency: 'EUR', products: [{ name: product, price, quantity: 2 }] }
    : name === 'Checkout Started' ? { value: price, currency: 'EUR', cart_id: 'k-91' }
    : { product_id: product.slice(0, 3).toLowerCase(), name: product, price, currency: 'EUR', category: 'outdoor' }
  return {
    event: name, kind: 'track', timestamp: at, received_at: at, properties, context: { library: { name: 'analytics-python', version: '2.3.3' }, locale: 'de-DE' },
    message_id: `m-${Math.floor(draw() * 1e12).toString(36)}`, source: pick(['web', 'web', 'app']), identity: person.known ? { kind: 'user', value: person.user_id } : { kind: 'anonymous', value: person.anonymous },
  }
}

const own = (person, secondsAgo, name, properties) => ({ ...happened(person, secondsAgo, name), source: 'holdfast', properties: { origin: 'cart-rescue', origin_kind: 'journey', version: 2, step: 'mail', channel: 'email', ...properties } })

export const history = new Map()
export function timeline(person) {
  if (!history.has(person.person)) {
    const events = [
      own(person, 130, 'Message Opened', { agent: 'human' }), own(person, 900, 'Message Sent', { provider_id: 'x1' }), own(person, 3600, 'Journey Entered', { arm: 'treated' }),
      happened(person, 3610, 'Checkout Started'), happened(person, 3700, 'Product Added'), happened(person, 3760, 'Product Viewed'),
      own(person, 90000, 'Message Withheld', { reason: 'no_consent' }),
    ]
    for (let i = 0; i < 230; i++) events.push(happened(person, 95000 + i * 17000 * draw() * 3))
    events.sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1))
    history.set(person.person, events)
  }
  return history.get(person.person)
}

const effect = (difference, half) => ({ status: 'estimated', difference, low: difference - half, high: difference + half, confidence: 0.95, relative: difference / 0.088 })
const result = (origin, difference, half, money) => ({
  origin, goal: { event: 'Order Completed', within_seconds: 259200 }, as_of: ago(1), currency: 'EUR',
  arms: [
    { arm: 'treated', people: 6866, open_people: 211, converted: 810, conversion_rate: 0.118, orders: 866, revenue_minor: 7_310_050, revenue_per_person_minor: 1064.7 },
    { arm: 'holdout', people: 742, open_people: 24, converted: 65, conversion_rate: 0.0876, orders: 70, revenue_minor: 588_420, revenue_per_person_minor: 793 },
  ],
  conversion: effect(difference, half), revenue_per_person: effect(money, 118),
  words: 'Of the people it could write to, 11.8% ordered within 3 days, against 8.8% of the holdout: +3.0 points (95% interval +0.7 to +5.3). About 206 orders would not have happened without it.',
})

const sends = { pending: 2, claimed: 1, sent: 6619, failed: 12, withheld: 1033, in_doubt: 0 }

export const definition = {
  id: 'cart-rescue', name: 'Cart rescue', holdout: 0.1, goal: { event: 'Order Completed', within_seconds: 259200 }, start: 'cart',
  steps: {
    cart: { type: 'trigger', event: 'Checkout Started', where: [], only_if: null, again: 'after_exit', cool_down_seconds: 86400, latest_seconds: 3600, exits: { entered: 'wait' } },
    wait: { type: 'until', event: 'Order Completed', seconds: 2700, exits: { happened: 'bought', expired: 'big' } },
    big: { type: 'branch', condition: { type: 'trait', trait: 'plan', operator: 'equals', value: 'gold' }, exits: { yes: 'gold', no: 'mail' } },
    mail: { type: 'send', channel: 'email', topic: 'marketing', transactional: false, template: { subject: '{{ person.first_name | default: "Hello" }}, your cart is waiting', html: '<p>Hello</p>', text: '' }, exits: { sent: 'done', withheld: 'done' } },
    gold: { type: 'send', channel: 'email', topic: 'marketing', transactional: false, template: { subject: 'Gold members ship free today', html: '<p>Hello</p>', text: '' }, exits: { sent: 'later', withheld: 'done' } },
    later: { type: 'wait', seconds: 86400, exits: { waited: 'done' } },
    done: { type: 'exit' }, bought: { type: 'exit' },
  },
}

export const runs = [
  {
    kind: 'journey', id: 'cart-rescue', name: 'Cart rescue', state: 'live', version: 2, entered: 7608, waiting: 36, sent: 6619, result: result('cart-rescue', 0.0304, 0.0228, 272), definition, sends,
    steps: [
      { id: 'cart', type: 'trigger', title: 'Checkout Started', note: 'Again after leaving', entered: 7608, waiting: 0, exits: { entered: 7608 } },
      { id: 'wait', type: 'until', title: 'Wait for Order Completed', note: 'Up to 45 min', entered: 7608, waiting: 36, exits: { happened: 701, expired: 6871 } },
      { id: 'big', type: 'branch', title: 'Gold members?', note: 'plan is gold', entered: 6871, waiting: 0, exits: { yes: 911, no: 5960 } },
      { id: 'mail', type: 'send', title: 'Email: Your cart is waiting', note: 'Topic “marketing”', entered: 5960, waiting: 0, exits: { sent: 5201, withheld: 759 } },
      { id: 'gold', type: 'send', title: 'Email: Gold members ship free', note: 'Topic “marketing”', entered: 911, waiting: 0, exits: { sent: 822, withheld: 89 } },
      { id: 'later', type: 'wait', title: 'Wait', note: '1 day', entered: 822, waiting: 22, exits: { waited: 800 } },
      { id: 'done', type: 'exit', title: 'Exit', note: '', entered: 6849, waiting: 0, exits: {} },
      { id: 'bought', type: 'exit', title: 'Exit', note: 'Bought', entered: 701, waiting: 0, exits: {} },
    ],
  },
  {
    kind: 'campaign', id: 'win-back', name: 'Win-back 60 days', state: 'live', version: 1, entered: 2304, waiting: 0, sent: 1990, result: result('win-back', 0.0021, 0.0094, -11), sends: { ...sends, sent: 1990, failed: 0, withheld: 314 },
    definition: { id: 'win-back', name: 'Win-back 60 days', holdout: 0.1, goal: { event: 'Order Completed', within_seconds: 604800 }, trigger: { event: 'Application Opened', where: [], only_if: { type: 'not', of: { type: 'did', event: 'Order Completed', within_days: 60 } }, again: 'once', cool_down_seconds: 0, latest_seconds: 3600 }, send: { channel: 'email', topic: 'marketing', transactional: false, template: { subject: 'We kept your size', html: '<p>…</p>', text: '' } } },
    steps: [
      { id: 'trigger', type: 'trigger', title: 'Application Opened', note: 'Once per person', entered: 2304, waiting: 0, exits: { entered: 2304 } },
      { id: 'send', type: 'send', title: 'Email: We kept your size', note: 'Topic “marketing”', entered: 2304, waiting: 0, exits: { sent: 1990, withheld: 314 } },
      { id: 'exit', type: 'exit', title: 'Exit', note: '', entered: 2304, waiting: 0, exits: {} },
    ],
  },
]

export const activity = Array.from({ length: 90 }, (_, i) => {
  const start = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), new Date().getUTCDate() - 89 + i))
  const wave = (1 + i / 120) * (1 + 0.13 * Math.sin((i / 7) * 6.283)) * (0.95 + 0.1 * draw()) * (i === 89 ? 0.42 : 1)
  return { start: start.toISOString(), events: Math.round(24000 * wave), people: Math.round(4100 * wave) }
})

export const mails = people.filter((p) => p.known).slice(0, 70).map((p, i) => ({
  id: 70 - i, to: p.traits.email, from: 'Northwind Outdoor <shop@northwind.example>', subject: `${i === 3 ? 'Hello' : p.traits.first_name}, your cart is waiting`,
  preview: 'You left a Trail jacket in your cart. It is still there, and so is your size.', received_at: ago(60 + i * 1900), send: `s-${i}`,
  html: `<html><body style="font-family:sans-serif;background:#f4f4f0;margin:0;padding:24px"><div style="background:#fff;padding:28px;border-radius:8px;max-width:480px;margin:auto"><h1 style="font-size:22px">Your cart is waiting</h1><p>Hello ${i === 3 ? 'you' : p.traits.first_name},</p><p>You left a <b>Trail jacket</b> in your cart. It is still there, and so is your size.</p><p><a href="/m/c/abc" style="background:#1b1b19;color:#fff;padding:10px 18px;border-radius:6px;text-decoration:none">Finish your order</a></p><script>parent.__pwned=1</script><img src="/m/o/tok" onerror="parent.__pwned=1"><p style="color:#666;font-size:12px">No more of these? <a href="/m/u/abc">Unsubscribe</a></p></div></body></html>`,
  text: 'Your cart is waiting\n\nYou left a Trail jacket in your cart.\nFinish your order: http://127.0.0.1/m/c/abc\n', headers: { 'Message-ID': `<${i}@northwind.example>`, 'List-Unsubscribe': '<http://127.0.0.1/m/u/abc>', 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click', 'Content-Type': 'multipart/alternative; boundary="b"' },
  links: ['http://127.0.0.1/m/c/abc', 'http://127.0.0.1/m/u/abc'], size_bytes: 5231,
}))

export const errors = Array.from({ length: 14 }, (_, i) => ({
  id: 900 - i, at: ago(300 + i * 4000), source: i % 2 ? 'web' : 'import:orders.csv', code: i % 3 ? 'timestamp_unreadable' : 'no_identity',
  message: i % 3 ? '“yesterday-ish” is not a moment.' : 'The record names nobody: it has neither userId nor anonymousId.', path: i % 3 ? '$.timestamp' : '$', hint: i % 3 ? 'Write ISO 8601 with a zone, for example 2025-05-11T09:30:00Z.' : 'Send userId, or anonymousId before login.',
  body: JSON.stringify({ type: 'track', event: 'Order Completed', ...(i % 3 ? { userId: `c-0000${i}`, timestamp: 'yesterday-ish' } : {}), properties: { revenue: 42.5, currency: 'EUR' } }), origin: `log:${12000 + i}.0`, replayed_at: null,
}))

export const keys = [
  { name: 'web', kind: 'write', shown: 'wk_…3f9a', created_at: ago(86400 * 60), revoked_at: null },
  { name: 'console', kind: 'api', shown: 'ak_…77c1', created_at: ago(86400 * 60), revoked_at: null },
  { name: 'old app', kind: 'write', shown: 'wk_…0b1e', created_at: ago(86400 * 80), revoked_at: ago(86400 * 9) },
]

export const segments = [
  { id: 'loyal-buyers', name: 'Loyal buyers', words: 'People who did Order Completed at least 3 times in the last 30 days', updated_at: ago(86400 * 3), definition: { type: 'all', of: [{ type: 'did', event: 'Order Completed', at_least: 3, within_days: 30, where: [{ property: 'revenue', operator: 'greater_than', value: 50 }] }, { type: 'trait', trait: 'country', operator: 'is_any_of', value: ['DE', 'FR'] }, { type: 'any', of: [{ type: 'not', of: { type: 'did', event: 'App Uninstalled', within_days: 90 } }, { type: 'all', of: [{ type: 'trait', trait: 'plan', operator: 'equals', value: 'gold' }] }] }] } },
  { id: 'quiet', name: 'Gone quiet', words: 'People who did not do Application Opened in the last 60 days', updated_at: ago(86400 * 10), definition: { type: 'not', of: { type: 'did', event: 'Application Opened', within_days: 60 } } },
]
