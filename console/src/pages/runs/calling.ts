/** A campaign or journey that begins by a call: what a program says to it, and what the console says in its place. */

import { post, route } from '~/api/client'
import { runRoot } from '~/api/queries'
import type { Shape } from '~/api/shape'
import type { Json, PersonRow, Run } from '~/api/types'
import { asFields, type Fields, stepDefinition } from './graph'

export type Called = Shape<'CallAnswer'>

/** The step people are called into; nothing where no call begins it. */
export function callStep(run: Run): Fields | null {
  const step = run.steps.find(({ type }) => type === 'api')
  return step ? stepDefinition(run, step) : null
}

/** Whom a call that names nobody is for; null where every call has to name people. */
export function calledAudience(run: Run): Json | null {
  const step = callStep(run)
  return step?.['whole_audience'] === true ? (step['audience'] ?? { type: 'all', of: [] }) : null
}

/** What its words ask of a call, by name: `{{ event.properties.order }}` asks for an order. */
export function askedOfACall(definition: Fields): string[] {
  const found = JSON.stringify(definition).matchAll(/\bevent\.properties\.([A-Za-z_]\w*)/g)
  return [...new Set([...found].map(([, name]) => name!))]
}

export interface Call {
  /** Nobody for the whole audience. */
  person: Pick<PersonRow, 'user_id' | 'known'> | null
  properties: Fields
  key: string
}

/** Whatever begins by a call is called the same way; said again under its key it lets nobody in twice. */
export const call = (run: Run, { person, properties, key }: Call) =>
  post<Called>(route`/api/${runRoot(run.kind)}/${run.id}/trigger`, {
    ...(person ? { people: [person.known ? { user_id: person.user_id } : { anonymous_id: person.user_id }] } : {}),
    properties,
    idempotency_key: key,
  })

/** Variables as they are written; what is no JSON object is a complaint in the parser's words. */
export function variablesIn(text: string): { fields: Fields; wrong: string } {
  if (text.trim() === '') return { fields: {}, wrong: '' }
  try {
    const read = JSON.parse(text) as Json
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? { fields: asFields(read), wrong: '' } : { fields: {}, wrong: 'object' }
  } catch (refused) {
    return { fields: {}, wrong: (refused as Error).message }
  }
}

const YOUR_KEY = 'YOUR_API_KEY'

/** Programs that call it, with its address filled in. */
export function callSnippets(server: string, run: Run): { id: string; label: string; code: string }[] {
  const address = `${server}/api/${runRoot(run.kind)}/${encodeURIComponent(run.id)}/trigger`
  const asked = Object.fromEntries(askedOfACall(run.definition).map((name) => [name, '…']))
  const body = calledAudience(run) === null ? { people: [{ user_id: 'customer-42', properties: asked }], idempotency_key: 'order-7' } : { properties: asked, idempotency_key: 'spring-2027' }
  const json = JSON.stringify(body, null, 2)
  return [
    {
      id: 'curl',
      label: 'curl',
      code: `curl -X POST '${address}' -H 'Authorization: Bearer ${YOUR_KEY}' \\
  -H 'Content-Type: application/json' -d '${json.replace(/'/g, String.raw`'\''`)}'`,
    },
    {
      id: 'python',
      label: 'Python',
      code: `import json, urllib.request

call = urllib.request.Request(
    ${JSON.stringify(address)},
    data=json.dumps(${json.replace(/\n/g, '\n    ')}).encode(),
    headers={"Authorization": "Bearer ${YOUR_KEY}", "Content-Type": "application/json"},
)
print(urllib.request.urlopen(call).read().decode())`,
    },
    {
      id: 'node',
      label: 'Node',
      code: `const answer = await fetch(${JSON.stringify(address)}, {
  method: 'POST',
  headers: { Authorization: 'Bearer ${YOUR_KEY}', 'Content-Type': 'application/json' },
  body: JSON.stringify(${json.replace(/\n/g, '\n  ')}),
})
console.log(await answer.json())`,
    },
  ]
}
