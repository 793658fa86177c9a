import { describe, expect, it } from 'vitest'
import { rank } from '~/frame/rank'

const labels = (wanted: string, ...names: string[]) => rank(wanted, names.map((label) => ({ label }))).map(({ label }) => label)

describe('finding', () => {
  it('puts beginnings first, then words, then what has it anywhere, then letters in order', () => {
    expect(labels('se', 'Reset', 'New segment', 'Segments', 'Sleepers')).toEqual(['Segments', 'New segment', 'Reset', 'Sleepers'])
  })

  it('reads over accents and capitals', () => {
    expect(labels('GÜN', 'Gunther', 'Günther', 'Anna')).toEqual(['Gunther', 'Günther'])
    expect(labels('gun', 'Günther')).toEqual(['Günther'])
  })

  it('keeps the order of what fits equally well, and all of it when nothing is typed', () => {
    expect(labels('a', 'Ab', 'Aa')).toEqual(['Ab', 'Aa'])
    expect(labels(' ', 'B', 'A')).toEqual(['B', 'A'])
    expect(labels('zz', 'A')).toEqual([])
  })
})
