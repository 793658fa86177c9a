import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { calls } from '../build/calls.ts'

/** Written beside the types of the API, by `make shapes`. */
const DOCUMENT = fileURLToPath(new URL('../../.tools/openapi.json', import.meta.url))

/** What no page asks for, and why not. What a person could want to do has no place here. */
const NOT_THE_CONSOLES: Record<string, string> = {
  'GET /healthz': 'probes of machines ask it; a person reads Settings, Health',
  'GET /session/oidc/back': 'the identity provider sends the browser here',
  'POST /v1/track': 'SDKs send events; the page that tries it out fetches it with a write key, as they do',
  'POST /v1/identify': 'SDKs send it',
  'POST /v1/page': 'SDKs send it',
  'POST /v1/screen': 'SDKs send it',
  'POST /v1/group': 'SDKs send it',
  'POST /v1/alias': 'SDKs send it',
  'POST /v1/batch': 'SDKs send it',
  'POST /v1/import': 'SDKs send it',
  'POST /v1/decide': 'apps ask it; the page of an experiment looks by the call that tells the history nothing',
  'GET /v1/inbox': 'apps ask it for one of their users; the mailbox shows what they get',
  'POST /v1/inbox/{id}/{what}': 'apps tell it what one of their users did',
  'POST /api/journeys/apply': 'files of a repository are applied together; the editors publish one at a time',
  'POST /api/segments/apply': 'files of a repository are applied together; the builder saves one at a time',
  'GET /api/journeys/{decision_id}/results': 'what the journey itself answers says the same',
  'GET /api/campaigns/{decision_id}/results': 'what the campaign itself answers says the same',
  'GET /api/segments/{segment_id}/people': 'the builder asks for the people of what is written, saved or not',
  'GET /api/segments/{segment_id}/versions/{version}': 'the list of versions has each of them whole',
  'GET /api/lists/{list_id}': 'the list of lists has each of them whole',
  'GET /api/catalogues/{catalogue}/items/{item_id}': 'the pages of items have each of them whole',
  'GET /api/dead-letters/{key}': 'the pages of dead letters have each of them whole',
  'GET /api/messages/{send}': 'the page that says why somebody got a message tells all that became of it',
  'GET /api/schema/meanings': 'names of events, properties and traits come with what they mean',
}

const segments = (path: string) => path.replace(/\?.*$/, '').split('/')
/** What the console says for a part that the server leaves open may be anything. */
const isOf = (path: string, operation: string) => {
  const [said, known] = [segments(path), segments(operation)]
  return said.length === known.length && known.every((part, i) => part === said[i] || /^\{.*\}$/.test(part))
}

const said = calls()
const { paths } = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as { paths: Record<string, Record<string, unknown>> }
const operations = Object.entries(paths).flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`))
const asked = [...said.calls, ...[...said.links].map((path) => `GET ${path}`)]
const isAsked = (operation: string) => asked.some((each) => isOf(each, operation))

describe('what the server can do', () => {
  it('is asked for by paths that are written where they are asked', () => {
    expect(said.unreadable).toEqual([])
  })

  it('can be done from the console', () => {
    expect(operations.filter((each) => !isAsked(each) && !Object.hasOwn(NOT_THE_CONSOLES, each))).toEqual([])
  })

  it('is told to be none of the console’s only where it is none', () => {
    expect(Object.keys(NOT_THE_CONSOLES).filter((each) => !operations.includes(each) || isAsked(each))).toEqual([])
  })

  it('is all that the console calls', () => {
    expect([...said.calls].filter((each) => !operations.some((known) => isOf(each, known)))).toEqual([])
  })
})
