import { describe, expect, it } from 'vitest'
import { monthsOf } from '~/pages/campaigns/Coming'
import { audienceOf, campaignOf, foundByPart, journeyOf } from '~/pages/campaigns/meaning'
import { starterCalled, STARTERS } from '~/pages/campaigns/starters'
import { shareOf, shareSet, variantAdded, variantRemoved, variantsOf } from '~/pages/content/definition'

const plain = { name: 'News', medium: 'email', language: 'en', content: { subject: 'Hello' }, languages: { de: { subject: 'Hallo' } } }

const total = (definition: Parameters<typeof shareOf>[0]) => variantsOf(definition).reduce((sum, name) => sum + shareOf(definition, name), 0)

describe('variants of a template', () => {
  it('begin as what there was, with the same share each, and end as it', () => {
    const two = variantAdded(plain, '')
    expect(two.added).toBe('b')
    expect(two.definition).toMatchObject({ variants: { a: { share: 0.5, content: plain.content, languages: plain.languages }, b: { share: 0.5, content: plain.content } } })
    expect('content' in two.definition).toBe(false)
    expect(variantRemoved(two.definition, 'b')).toEqual(plain)
  })

  it('have shares that add up to all people, however they are changed', () => {
    const three = variantAdded(variantAdded(plain, '').definition, 'b').definition
    expect(variantsOf(three)).toEqual(['a', 'b', 'c'])
    expect(total(three)).toBeCloseTo(1, 10)
    const set = shareSet(three, 'b', 0.6)
    expect(shareOf(set, 'b')).toBe(0.6)
    expect(shareOf(set, 'a')).toBeCloseTo(0.2, 3)
    expect(total(set)).toBeCloseTo(1, 10)
    expect(total(shareSet(shareSet(three, 'a', 1), 'a', 0.2))).toBeCloseTo(1, 10)
    expect(total(variantRemoved(three, 'a'))).toBeCloseTo(1, 10)
  })
})

describe('a campaign', () => {
  it.each(STARTERS.map(({ key }) => key))('is the journey it means, and back: %s', (key) => {
    const campaign = starterCalled(key).definition('news', 'News')
    expect(campaignOf(journeyOf(campaign))).toEqual(campaign)
  })

  it('takes what is said of its parts to where they stand', () => {
    const about = (path: string) => foundByPart([{ step: '', path, message: '', hint: '', weight: 'wrong' }])[0]
    expect(about('$.trigger.at[0]')).toMatchObject({ step: 'trigger', path: '$.steps.trigger.at[0]' })
    expect(about('$.send')).toMatchObject({ step: 'send' })
    expect(about('$.sender')).toMatchObject({ step: '', path: '$.sender' })
  })

  it('is for everybody where it names no audience, and for nobody in particular where something has to happen', () => {
    expect(audienceOf({ trigger: { type: 'dates', at: [] } })).toEqual({ type: 'all', of: [] })
    expect(audienceOf({ trigger: { type: 'segment_change', segment: 'buyers' } })).toEqual({ type: 'in_segment', segment: 'buyers' })
    expect(audienceOf({ trigger: { type: 'trigger', event: 'Seen' } })).toBeNull()
  })

  it('has its times in the months they are in', () => {
    const [november, february] = monthsOf(['2026-11-30T09:00:00', '2028-02-29T09:00:00', '2028-02-29T18:00:00'])
    expect(november).toMatchObject({ key: '2026-11', before: 6, days: 30 })
    expect([...november!.on]).toEqual([30])
    expect(february).toMatchObject({ key: '2028-02', before: 1, days: 29 })
  })
})
