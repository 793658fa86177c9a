import { describe, expect, test } from 'vitest'
import { languagesOf, rewritten, said, shareOf, variantsOf, written } from '~/pages/content/definition'
import { withStep } from '~/pages/runs/graph'
import type { Run, RunStep } from '~/api/types'
import { addressesOf, buttonsOf, parametersOf, screenOf } from '~/parts/phone/said'

describe('what a message says', () => {
  test('parts that hold anything give text, or nothing', () => {
    expect(buttonsOf({ buttons: [{ label: 'Go', url: 'https://a.example' }, 'x', null, { label: 3 }, ['y'], { url: 'z' }] })).toEqual([
      { label: 'Go', url: 'https://a.example' },
    ])
    expect(buttonsOf({ buttons: 'many' })).toEqual([])
    expect(parametersOf({ parameters: ['Ana', 7, { a: 1 }] })).toEqual(['Ana', '7', '{"a":1}'])
  })

  test('it leads to each address once', () => {
    expect(addressesOf({ url: 'u', media_url: 'm', buttons: [{ label: 'A', url: 'u' }, { label: 'B', url: 'b' }] })).toEqual(['u', 'm', 'b'])
    expect(addressesOf({ url: 3 })).toEqual([])
  })

  test('what shows on no phone says so', () => {
    expect([screenOf('sms'), screenOf('web_push'), screenOf('inbox'), screenOf('email'), screenOf('webhook')]).toEqual(['chats', 'lock', 'app', null, null])
  })
})

describe('a template’s definition', () => {
  const plain = { name: 'A', medium: 'sms', language: 'en', content: { text: 'Hi', media_url: 'm' }, languages: { de: { text: 'Moin' } } }
  const varied = { name: 'B', medium: 'sms', variants: { x: { share: 0.25, content: { text: 'X' } }, y: { share: 0.75, content: { text: 'Y' } } } }

  test('a language says only what differs', () => {
    const de = { variant: '', language: 'de' }
    expect(written(plain, de)).toEqual({ text: 'Moin' })
    expect(said(plain, de)).toEqual({ text: 'Moin', media_url: 'm' })
    expect(rewritten(plain, de, { text: '', media_url: 'n' })).toEqual({ ...plain, languages: { de: { media_url: 'n' } } })
    expect(languagesOf(plain, '')).toEqual(['de'])
  })

  test('one variant is changed, and the others stay', () => {
    expect(variantsOf(varied)).toEqual(['x', 'y'])
    expect(shareOf(varied, 'y')).toBe(0.75)
    const next = rewritten(varied, { variant: 'x', language: '' }, { text: 'Z' })
    expect(next['variants']).toEqual({ x: { share: 0.25, content: { text: 'Z' } }, y: varied.variants.y })
    expect(next['name']).toBe('B')
    expect(varied.variants.x.content.text).toBe('X')
  })
})

test('a step is said otherwise in a journey and in a campaign', () => {
  const step = (id: string) => ({ id, type: 'send' }) as RunStep
  const journey = { definition: { id: 'j', steps: { mail: { type: 'send' }, done: { type: 'exit' } } } } as unknown as Run
  expect(withStep(journey, step('mail'), { type: 'send', channel: 'sms' })).toEqual({
    id: 'j',
    steps: { mail: { type: 'send', channel: 'sms' }, done: { type: 'exit' } },
  })
  const campaign = { definition: { id: 'c', send: { channel: 'email' } } } as unknown as Run
  expect(withStep(campaign, step('send'), { channel: 'sms' })).toEqual({ id: 'c', send: { channel: 'sms' } })
})
