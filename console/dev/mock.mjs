// A stand-in for the server while working on the console: `node dev/mock.mjs [port]`, then `npm run dev`.
// Serves the built console too, with the policy as a header, so that a build can be looked at as people will get it.

import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { activity, ago, draw, errors, happened, keys, mails, people, pick, runs, segments, timeline } from './world.mjs'

const BUILT = new URL('../../src/holdfast/http/console/', import.meta.url).pathname
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' }
const DEMO = process.argv[3] !== 'closed'
const PERMISSIONS = ['read', 'people:read', 'people:write', 'people:erase', 'sql', 'analyses:write', 'content:write', 'decisions:write', 'decisions:publish', 'approve', 'data:write', 'settings:write', 'accounts:write', 'audit:read']
let signedIn = DEMO
let events = 2_184_220
const strip = ({ anonymous, ...row }) => row
const name = (p) => [p.traits.first_name, p.traits.last_name].filter(Boolean).join(' ') || null
const find = (id) => people.find((p) => p.user_id === id || p.anonymous === id)
const counters = () => ({ as_of: ago(0), people: 20_140, events, events_per_minute: 742, sends: { pending: 3, claimed: 1, sent: 8609, failed: 12, withheld: 1347, in_doubt: 2 }, errors_open: errors.filter((e) => !e.replayed_at).length, loading: null })

const refuse = (status, code, message, hint) => ({ status, body: { error: { code, message, path: null, hint } } })
const ok = (body) => ({ status: 200, body })

function whole(p) {
  const counts = {}
  for (const e of timeline(p)) counts[e.event] = (counts[e.event] ?? 0) + 1
  return {
    ...strip(p), identities: [...(p.user_id ? [{ kind: 'user', value: p.user_id, id: 1 }] : []), { kind: 'anonymous', value: p.anonymous, id: 2 }, { kind: 'anonymous', value: p.anonymous + 'x', id: 3 }],
    consent: p.consent ?? { email: true, 'email/marketing': true, sms: false }, event_counts: counts,
    links: p.user_id ? [{ id: 5, first: { kind: 'user', value: p.user_id }, second: { kind: 'anonymous', value: p.anonymous }, kind: 'login', at: ago(86400 * 30), by: null, undone_at: null }, { id: 6, first: { kind: 'user', value: p.user_id }, second: { kind: 'anonymous', value: p.anonymous + 'x' }, kind: 'merge', at: ago(86400 * 3), by: 'console', undone_at: p.undone ?? null }] : [],
    visits: [{ origin: 'cart-rescue', origin_name: 'Cart rescue', version: 2, arm: 'treated', step: 'wait', entered_at: ago(3600), due_at: ago(-1200), left_at: null, left_by: null }, { origin: 'win-back', origin_name: 'Win-back 60 days', version: 1, arm: 'holdout', step: null, entered_at: ago(86400 * 5), due_at: null, left_at: ago(86400 * 5), left_by: 'exit' }],
  }
}

function answer(method, url, body) {
  const q = Object.fromEntries(url.searchParams)
  const [, , root, id, act] = url.pathname.split('/').map(decodeURIComponent)
  if (url.pathname === '/session') {
    if (method === 'POST') return body.key === 'ak' ? ((signedIn = true), ok({})) : refuse(401, 'wrong_key', 'No active key reads like this.')
    if (method === 'DELETE') return (signedIn = false), ok({})
    return ok(signedIn ? { signed_in: true, first_start: false, workspace: { name: 'Northwind Outdoor', currency: 'EUR', zone: 'UTC' }, demo: DEMO, account: null, permissions: PERMISSIONS, csrf: 'mock' } : { signed_in: false, first_start: false, permissions: [], csrf: '' })
  }
  if (!signedIn) return refuse(401, 'signed_out', 'Sign in first.')
  switch (root) {
    case 'overview':
      return ok({ ...counters(), active_people_24h: 4621, activity, running: runs.map(({ steps, definition, ...row }) => row), held: [] })
    case 'people': {
      if (!id) {
        const found = people.filter((p) => !q.text || JSON.stringify(strip(p)).toLowerCase().includes(q.text.toLowerCase()))
        return ok({ people: found.slice(+q.offset, +q.offset + +q.limit).map(strip), total: found.length })
      }
      if (id === 'merge') return find(body.second) ? ok({ link_id: 9, person: strip(find(body.first)) }) : refuse(404, 'unknown_person', `Nobody is known as “${body.second}”.`, 'Write a user id or an anonymous id.')
      if (id === 'unmerge') return (people.forEach((p) => (p.undone = ago(0))), ok({ undone: [body.link_id], people: [strip(people[0]), strip(people[1])] }))
      const p = find(id)
      if (!p) return refuse(404, 'unknown_person', `Nobody is known as “${id}”.`, 'Any identity works: a user id or an anonymous id.')
      if (act === 'events') {
        const all = timeline(p).filter((e) => (!q.before || e.timestamp < q.before) && (!q.event || e.event === q.event))
        return ok({ events: all.slice(0, +q.limit), next_before: all.length > +q.limit ? all[+q.limit - 1].timestamp : null })
      }
      if (act === 'consent') return (p.consent = { ...whole(p).consent, [body.topic ? `${body.channel}/${body.topic}` : body.channel]: body.granted }), ok({ consent: p.consent })
      return ok(whole(p))
    }
    case 'segments': {
      if (id === 'count') {
        const text = JSON.stringify(body.definition)
        if (text.includes('"event":""')) return refuse(400, 'invalid_condition', 'An event has no name.')
        const share = Math.max(0.02, 1 - (text.length % 97) / 100)
        return ok({ count: Math.round(20140 * share), of: 20140, took_ms: 21 + (text.length % 40), words: 'Did “Order Completed” at least 3 times in the last 30 days with revenue above 50, and country is DE or FR' })
      }
      if (id === 'people') return ok({ people: people.filter((p) => p.known).slice(9, 9 + body.limit).map(strip), count: 1000 })
      if (method === 'PUT') return segments.push({ id, words: '', updated_at: ago(0), ...body }), ok({})
      if (method === 'DELETE') return segments.splice(segments.findIndex((s) => s.id === id), 1), ok({})
      return ok({ segments })
    }
    case 'journeys':
    case 'campaigns': {
      const mine = runs.filter((r) => `${r.kind}s` === root)
      if (!id) return ok({ [root]: mine })
      const run = mine.find((r) => r.id === id)
      if (!run) return refuse(404, 'unknown_journey', `There is no “${id}”.`)
      if (method === 'POST') run.state = { pause: 'paused', resume: 'live', stop: 'stopped' }[act]
      return ok(act === 'results' ? run.result : run)
    }
    case 'mailbox': {
      if (id) return ok(mails.find((m) => m.id === Number(id)))
      const found = mails.filter((m) => (!q.to || m.to.includes(q.to)) && (!q.text || JSON.stringify(m).includes(q.text)))
      return ok({ messages: found.filter((m) => !q.before || m.id < Number(q.before)).slice(0, 50).map(({ html, text, headers, links, ...row }) => row), total: found.length })
    }
    case 'errors': {
      if (id === 'replay') {
        const wanted = errors.filter((e) => body.all || body.ids.includes(e.id))
        const good = wanted.filter((e) => body.bodies?.[e.id])
        good.forEach((e) => (e.replayed_at = ago(0)))
        return ok({ replayed: good.length, still_bad: wanted.length - good.length })
      }
      const shown = errors.filter((e) => Boolean(e.replayed_at) === (q.replayed === 'true'))
      return ok({ errors: shown, total: shown.length, by_code: { timestamp_unreadable: 9, no_identity: 5 } })
    }
    case 'schema':
      if (id === 'traits') return ok({ properties: [{ name: 'country', type: 'text', examples: ['DE', 'FR'] }, { name: 'plan', type: 'text', examples: ['free', 'gold'] }, { name: 'age', type: 'number', examples: [31, 44] }, { name: 'newsletter', type: 'boolean', examples: [true] }] })
      if (act) return ok({ properties: [{ name: 'revenue', type: 'number', examples: [42.5, 89] }, { name: 'currency', type: 'text', examples: ['EUR'] }, { name: 'name', type: 'text', examples: ['Trail jacket'] }] })
      return ok({ events: ['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed', 'Page Viewed', 'App Uninstalled'].map((n, i) => ({ name: n, count: 812_000 >> i, people: 19_000 >> i, first: ago(900_000), last: ago(i * 40), meaning: '' })) })
    case 'keys':
      if (method === 'POST') return keys.push({ ...body, shown: 'wk_…1234', created_at: ago(0), revoked_at: null }), ok({ ...body, key: 'wk_4f6tXyRz0Qm2', shown: 'wk_…1234' })
      if (method === 'DELETE') return (keys.find((k) => k.name === id).revoked_at = ago(0)), ok({})
      return ok({ keys })
  }
  return refuse(404, 'not_found', 'There is no such address.')
}

function stream(response, url) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write(': open\n\n')
  const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  const one = url.pathname.match(/^\/api\/people\/(.+)\/live$/)
  const beat = () => {
    if (one) return draw() < 0.25 ? send('happened', { events: [happened(find(decodeURIComponent(one[1])), 0)] }) : undefined
    events += 12
    send('tick', counters())
    const p = pick(people)
    send('happened', { events: [{ ...happened(p, 0), person: { user_id: p.user_id, name: name(p) } }] })
  }
  for (let i = 0; i < (one ? 0 : 9); i++) beat()
  const timer = setInterval(beat, 1000)
  response.on('close', () => clearInterval(timer))
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock')
  if (url.pathname.endsWith('/live')) return stream(response, url)
  if (url.pathname.startsWith('/api') || url.pathname === '/session') {
    let text = ''
    for await (const chunk of request) text += chunk
    const { status, body } = answer(request.method, url, text ? JSON.parse(text) : {})
    await new Promise((done) => setTimeout(done, 25))
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    return
  }
  const file = join(BUILT, url.pathname)
  const real = url.pathname.startsWith('/assets/') && existsSync(file) ? file : join(BUILT, 'index.html')
  response.writeHead(200, { 'Content-Type': TYPES[extname(real)] ?? 'application/octet-stream' }).end(readFileSync(real))
}).listen(Number(process.argv[2] ?? 8788), '127.0.0.1')
