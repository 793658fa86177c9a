import { expect, test } from 'vitest'
import { actWords, askWords, kindWords, placeOf } from '../src/parts/teamwork/acts'
import { differences } from '../src/parts/teamwork/differences'

test('every place that differs is told, and nothing else', () => {
  const before = { name: 'A', steps: { a: { wait: 5 }, gone: 1 }, list: [1, 2], same: { x: [null] } }
  const after = { name: 'B', steps: { a: { wait: 6 }, more: true }, list: [1, 2, 3], same: { x: [null] } }
  expect(differences(before, after)).toEqual([
    { path: '$.name', before: 'A', after: 'B' },
    { path: '$.steps.a.wait', before: 5, after: 6 },
    { path: '$.steps.gone', before: 1, after: null },
    { path: '$.steps.more', before: null, after: true },
    { path: '$.list', before: [1, 2], after: [1, 2, 3] },
  ])
  expect(differences(after, after)).toEqual([])
  expect(differences([{ a: 1 }, 2], [{ a: 2 }, 2])).toEqual([{ path: '$[0].a', before: 1, after: 2 }])
})

test('what nobody here has a word for is told as it is', () => {
  expect(actWords('journey.published')).toBe('published')
  expect(actWords('widget.put_away')).toBe('put away')
  expect(askWords('campaign.triggered')).toBe('to send to its whole audience')
  expect(askWords('journey.paused')).toBe('paused')
  expect(kindWords('strange_thing')).toBe('strange thing')
  expect(placeOf('journey', 'a/b')).toEqual({ to: '/journeys/$id', params: { id: 'a/b' } })
  expect(placeOf('key', 'x')).toBeNull()
})
