import { describe, expect, it } from 'vitest'
import { unitOf } from '~/fields/lengths'
import { evenly, freeName, whole } from '~/fields/shares'
import { copied, pasted, stepsIn } from '~/pages/runs/editor/clipboard'
import { changesBetween } from '~/pages/runs/editor/differences'
import { type Definition, exitsOf, freeId, insert, leadsTo, remove, rename, stepOf, stepsOf } from '~/pages/runs/editor/draft'
import { drawingOf, gapId } from '~/pages/runs/editor/drawing'
import { opened, written } from '~/pages/runs/editor/history'
import { beginning, type Kinds, newStep, onwardOf, openWays, type StepKind, waysOf } from '~/pages/runs/editor/kinds'
import { bothOf, marksBetween } from '~/pages/runs/editor/marks'
import { namesOf } from '~/pages/runs/editor/names'
import { entriesOf, placeAfter } from '~/pages/runs/editor/palette'
import { within } from '~/pages/runs/editor/Problems'
import { STARTERS } from '~/pages/runs/editor/starters'

const kind = (name: string, more: Partial<StepKind>): StepKind => ({ name, label: name, family: 'logic', help: 'Does it. Well.', fields: {}, exits: [], exits_of: null, spared: [], ...more })

const KINDS: Kinds = {
  journey: {},
  steps: new Map(
    [
      kind('trigger', { family: 'start', exits: ['entered'] }),
      kind('send', { family: 'message', exits: ['sent', 'withheld'], fields: { required: ['channel'], properties: { channel: { enum: ['email', 'sms'] } } } }),
      kind('branch', { exits: ['yes', 'no', 'unknown'], spared: ['unknown'] }),
      kind('wait', { exits: ['waited'], fields: { required: ['seconds'], properties: { seconds: { type: 'integer', format: 'seconds' } } } }),
      kind('split', { exits_of: 'shares', fields: { required: ['shares'], properties: { shares: { type: 'object', format: 'shares' } } } }),
      kind('exit', { family: 'end' }),
      kind('brand_new', { exits: ['done'] }),
    ].map((each) => [each.name, each]),
  ),
}

const JOURNEY: Definition = {
  id: 'rescue',
  name: 'Rescue',
  start: 'in',
  steps: {
    in: { type: 'trigger', event: 'Cart Left', exits: { entered: 'mail' } },
    mail: { type: 'send', channel: 'email', template: { subject: 'Hello' }, exits: { sent: 'ask', withheld: 'ask' } },
    ask: { type: 'branch', exits: { yes: 'nap', no: 'end' } },
    nap: { type: 'wait', seconds: 60, exits: { waited: 'end' } },
    end: { type: 'exit' },
  },
}

const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}
frozen(JOURNEY)

describe('a journey while it is written', () => {
  it('takes a step into a way, and what was there comes after it', () => {
    const { definition, id } = insert(JOURNEY, { from: 'mail', exits: ['sent', 'withheld'] }, 'wait', { type: 'wait', exits: {} }, ['waited'])
    expect(id).toBe('wait')
    expect(exitsOf(stepOf(definition, 'mail'))).toEqual({ sent: 'wait', withheld: 'wait' })
    expect(exitsOf(stepOf(definition, 'wait'))).toEqual({ waited: 'ask' })
    expect(Object.keys(stepsOf(JOURNEY))).not.toContain('wait')
  })

  it('leads what is put at the end of an open way to the end, where there is one and no other', () => {
    const steps = { ask: { type: 'branch', exits: { yes: 'bye' } }, bye: { type: 'exit' } }
    const put = (more: Record<string, unknown>) =>
      insert({ ...JOURNEY, steps: { ...steps, ...more } } as typeof JOURNEY, { from: 'ask', exits: ['no'] }, 'wait', { type: 'wait', exits: {} }, ['waited']).definition
    expect(exitsOf(stepOf(put({}), 'wait'))).toEqual({ waited: 'bye' })
    expect(exitsOf(stepOf(put({}), 'ask'))).toEqual({ yes: 'bye', no: 'wait' })
    expect(exitsOf(stepOf(put({ other: { type: 'exit' } }), 'wait'))).toEqual({})
  })

  it('gives every step an id of its own, and none that says how somebody left', () => {
    expect(freeId(['wait', 'wait-2'], 'wait')).toBe('wait-3')
    expect(freeId([], 'goal')).toBe('goal-2')
    expect(freeId([], '<img src=x>')).toBe('img-src-x-')
    expect(freeId([], '📮')).toMatch(/^[a-z0-9][a-z0-9_-]*$/)
  })

  it('leads on past a step that is taken out', () => {
    const without = remove(JOURNEY, ['ask'])
    expect(exitsOf(stepOf(without, 'mail'))).toEqual({ sent: 'nap', withheld: 'nap' })
    const both = remove(JOURNEY, ['ask', 'nap'])
    expect(exitsOf(stepOf(both, 'mail'))).toEqual({ sent: 'end', withheld: 'end' })
    expect(exitsOf(stepOf(remove(JOURNEY, ['end']), 'nap'))).toEqual({})
    expect(stepsOf(remove(JOURNEY, ['in']))).toEqual(stepsOf(JOURNEY))
  })

  it('keeps every way when a step is called otherwise', () => {
    const renamed = rename(rename(JOURNEY, 'end', 'over'), 'in', 'begin')
    expect(renamed['start']).toBe('begin')
    expect(exitsOf(stepOf(renamed, 'ask'))).toEqual({ yes: 'nap', no: 'over' })
    expect(Object.keys(stepsOf(renamed))).toEqual(['begin', 'mail', 'ask', 'nap', 'over'])
  })

  it('undoes and does again, and takes what is typed into one field for one change', () => {
    const named = (name: string): Definition => ({ ...JOURNEY, name })
    let state = opened(JOURNEY)
    for (const name of ['R', 'Re', 'Res']) state = written(state, { do: 'write', definition: named(name), touching: 'name' })
    state = written(state, { do: 'rest' })
    state = written(state, { do: 'write', definition: named('Resc'), touching: 'name' })
    expect(state.past.map((each) => each['name'])).toEqual(['Rescue', 'Res'])
    state = written(state, { do: 'undo' })
    expect(state.now['name']).toBe('Res')
    state = written(written(state, { do: 'undo' }), { do: 'undo' })
    expect(state.now['name']).toBe('Rescue')
    state = written(written(state, { do: 'redo' }), { do: 'redo' })
    expect(state.now['name']).toBe('Resc')
    state = written(written(state, { do: 'undo' }), { do: 'write', definition: named('Else') })
    expect(written(state, { do: 'redo' })).toBe(state)
    expect(written(state, { do: 'write', definition: { ...named('Else') } })).toBe(state)
  })

  it('copies steps as text and puts them into another journey', () => {
    const text = copied(JOURNEY, ['in', 'ask', 'nap'])
    const steps = stepsIn(text)!
    expect(Object.keys(steps)).toEqual(['ask', 'nap'])
    const other: Definition = { id: 'o', start: 'a', steps: { a: { type: 'trigger', exits: { entered: 'nap' } }, nap: { type: 'exit' } } }
    const { definition, id } = pasted(other, { from: 'a', exits: ['entered'] }, steps)
    expect(id).toBe('ask')
    expect(exitsOf(stepOf(definition, 'a'))).toEqual({ entered: 'ask' })
    expect(exitsOf(stepOf(definition, 'ask'))).toEqual({ yes: 'nap-2', no: 'nap' })
    expect(exitsOf(stepOf(definition, 'nap-2'))).toEqual({ waited: 'nap' })
  })

  it('takes nothing else that lies on a clipboard for steps', () => {
    for (const text of ['', 'hello', '{}', '{"format":"holdfast.steps"}', '{"format":"holdfast.steps","steps":{"a":3}}', '{"format":"holdfast.steps","steps":{"a":{"type":7}}}', '<b>holdfast.steps</b>']) {
      expect(stepsIn(text)).toBeNull()
    }
    expect(copied(JOURNEY, ['in'])).toBe('')
  })
})

describe('kinds of steps', () => {
  it('make new steps of what they declare, also kinds nobody here has heard of', () => {
    expect(newStep(KINDS.steps.get('wait')!)).toEqual({ type: 'wait', seconds: 86_400, exits: {} })
    expect(newStep(KINDS.steps.get('brand_new')!)).toEqual({ type: 'brand_new', exits: {} })
    expect(newStep(KINDS.steps.get('exit')!)).toEqual({ type: 'exit' })
    expect(beginning({ anyOf: [{ type: 'string' }, { type: 'null' }], default: null })).toBeNull()
  })

  it('tell the ways out, those that authors name too', () => {
    const split = { type: 'split', shares: { a: 0.5, b: 0.5 }, exits: { a: 'end' } }
    expect(waysOf(split, KINDS.steps.get('split'))).toEqual(['a', 'b'])
    expect(openWays(split, KINDS.steps.get('split'))).toEqual(['b'])
    expect(openWays({ type: 'branch', exits: { yes: 'a' } }, KINDS.steps.get('branch'))).toEqual(['no'])
    expect(onwardOf(KINDS.steps.get('send')!, { type: 'send' })).toEqual(['sent', 'withheld'])
    expect(onwardOf(KINDS.steps.get('branch')!, { type: 'branch' })).toEqual(['yes'])
  })

  it('are all in the palette but those that let people in, messages once for each channel', () => {
    const entries = entriesOf(KINDS)
    expect(entries.message.map(({ key }) => key)).toEqual(['send:email', 'send:sms'])
    expect(entries.logic.map(({ key }) => key)).toContain('brand_new')
    expect(entries.end.map(({ key }) => key)).toEqual(['exit'])
    expect(entries.logic[0]!.help).toBe('Does it.')
  })

  it('find the place after a step: an open way first, then the way on, before an end', () => {
    expect(placeAfter(JOURNEY, KINDS, 'mail')).toEqual({ from: 'mail', exits: ['sent', 'withheld'] })
    expect(placeAfter(JOURNEY, KINDS, 'end')).toEqual({ from: 'ask', exits: ['no'] })
    expect(placeAfter(JOURNEY, KINDS, null)).toEqual({ from: 'in', exits: ['entered'] })
    const open = { ...JOURNEY, steps: { ...stepsOf(JOURNEY), ask: { type: 'branch', exits: { yes: 'nap' } } } }
    expect(placeAfter(open, KINDS, 'ask')).toEqual({ from: 'ask', exits: ['no'] })
    expect(placeAfter(open, KINDS, null)).toEqual({ from: 'ask', exits: ['no'] })
    expect(leadsTo(open, { from: 'ask', exits: ['no'] })).toBeNull()
  })
})

describe('what is drawn', () => {
  const known = { kinds: KINDS, cards: {}, run: null, marks: new Map(), problems: new Map([['ask', 2]]), gaps: true }

  it('has every step, its ways, and a place for each way that is open', () => {
    const open: Definition = { ...JOURNEY, steps: { ...stepsOf(JOURNEY), ask: { type: 'branch', exits: { yes: 'nap' } } } }
    const graph = drawingOf(open, known)
    const gap = gapId({ from: 'ask', exits: ['no'] })
    expect(graph.steps.map(({ id }) => id)).toEqual(['in', 'mail', 'ask', 'nap', 'end', gap])
    expect(graph.flows).toContainEqual({ from: 'mail', to: 'ask', exits: ['sent', 'withheld'], count: 0 })
    expect(graph.flows).toContainEqual({ from: 'ask', to: gap, exits: ['no'], count: 0 })
    expect(graph.steps.find(({ id }) => id === 'ask')!.problems).toBe(2)
    expect(drawingOf(open, { ...known, gaps: false }).steps).toHaveLength(5)
  })

  it('marks what is different, whatever the order of fields', () => {
    const { nap: _, ...others } = stepsOf(JOURNEY)
    const after: Definition = { ...JOURNEY, steps: { ...others, ask: { exits: { no: 'end', yes: 'late' }, type: 'branch' }, late: { type: 'wait', seconds: 60, exits: { waited: 'end' } }, mail: { exits: { withheld: 'ask', sent: 'ask' }, template: { subject: 'Hello' }, type: 'send', channel: 'email' } } }
    expect(Object.fromEntries(marksBetween(JOURNEY, after))).toEqual({ ask: 'changed', late: 'added', nap: 'removed' })
    expect(Object.keys(stepsOf(bothOf(JOURNEY, after)))).toContain('nap')
    expect(changesBetween(JOURNEY, after).map(({ step, field }) => `${step} ${field}`)).toEqual(['ask exits.yes', 'late ', 'nap '])
    expect(changesBetween(JOURNEY, { ...JOURNEY, name: 'New' })).toEqual([{ step: '', field: 'name', before: 'Rescue', after: 'New' }])
  })

  it('keeps what the server says beside the step it says it of', () => {
    const found = [
      { step: 'mail', path: '$.steps.mail.template.subject', message: 'm', hint: 'h', weight: 'wrong' as const },
      { step: 'odd one', path: "$.steps['odd one'].seconds", message: 'm', hint: 'h', weight: 'odd' as const },
      { step: '', path: '$.holdout', message: 'm', hint: 'h', weight: 'wrong' as const },
    ]
    expect(within(found, 'mail').map(({ path }) => path)).toEqual(['$.template.subject'])
    expect(within(found, 'odd one').map(({ path }) => path)).toEqual(['$.seconds'])
    expect(within(found, '').map(({ path }) => path)).toEqual(['$.holdout'])
  })
})

describe('numbers people write', () => {
  it('divide people so that nobody is left over', () => {
    for (const names of [['a', 'b'], ['a', 'b', 'c'], 'abcdefg'.split('')]) expect(whole(evenly(names))).toBe(1)
    expect(whole(Array.from({ length: 10 }, (_, i): [string, number] => [String(i), 0.1]))).toBe(1)
    expect(whole([['a', 0.5], ['b', 0.6]])).toBe(1.1)
    expect(freeName(['a', 'b'])).toBe('c')
  })

  it('write lengths of time in the largest unit that fits', () => {
    expect([45, 60, 5400, 7200, 86_400, 90_000].map(unitOf)).toEqual([1, 60, 60, 3_600, 86_400, 3_600])
  })

  it('begin with journeys that lead somewhere', () => {
    for (const starter of STARTERS) {
      const steps = stepsOf(starter.definition('x', 'X'))
      for (const step of Object.values(steps)) for (const to of Object.values(exitsOf(step))) expect(Object.keys(steps)).toContain(to)
    }
  })
})

describe('what steps of two versions are called', () => {
  const before = { steps: { in: { type: 'trigger' }, nap: { type: 'wait' }, rest: { type: 'wait' }, gone: { type: 'exit' } } }
  const after = { steps: { in: { type: 'trigger' }, nap: { type: 'wait' } } }
  const named = namesOf(before, after, (id) => ({ in: 'Signed Up', nap: 'Wait' })[id] ?? id)

  it('tells those of one name apart, and says what one was that is gone', () => {
    expect(['in', 'nap', 'rest', 'gone'].map(named)).toEqual(['Signed Up', 'Wait (nap)', 'Wait (rest)', 'Exit'])
  })

  it('leaves an id alone that is no step of either', () => {
    expect(named('elsewhere')).toBe('elsewhere')
  })
})
