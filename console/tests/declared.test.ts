import { MantineProvider } from '@mantine/core'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Schema } from '~/api/types'
import { aboutKind, type StepKind } from '~/pages/runs/editor/kinds'
import { drawingOf } from '~/pages/runs/editor/drawing'
import { entriesOf } from '~/pages/runs/editor/palette'
import { SchemaForm } from '~/parts/SchemaForm'
import { choiceName, declared, fieldName, learnDeclared } from '~/words/declared'

const ONCE = 'Who was here before: `once` never again, `after_exit` when they have left the journey.'
const FORM: Schema = {
  type: 'object',
  required: [],
  properties: {
    again: { type: 'string', enum: ['once', 'after_exit'], default: 'once', description: ONCE },
    hold_above: { type: 'integer', description: 'Of an audience larger than this nobody enters until somebody has confirmed it; null for any size.' },
    of_tomorrow: { type: 'string', description: 'What nobody has `translated` yet; null for none.' },
  },
}
const BRANCH: StepKind = {
  name: 'branch',
  label: 'Branch',
  family: 'logic',
  help: 'Leave by `yes` when `condition` is true of the person on arriving, by `no` when it is not.\n\nMore of it. In the reference.',
  fields: { type: 'object', properties: { condition: { type: 'object' } } },
  exits: ['yes', 'no'],
  exits_of: null,
  spared: [],
}

const form = () => renderToStaticMarkup(createElement(MantineProvider, null, createElement(SchemaForm, { schema: FORM, values: {}, change: () => undefined })))

describe('what the server declares', () => {
  it('is said as it is declared where nothing else was learnt', () => {
    expect([fieldName('api_url'), choiceName('again', 'after_exit'), declared('Branch')]).toEqual(['API URL', 'After exit', 'Branch'])
    expect(aboutKind(BRANCH)).toBe('Leave by “Yes” when “Condition” is true of the person on arriving, by “No” when it is not.')
    const drawn = form()
    for (const each of ['Hold above', 'Of tomorrow', '“Once” never again', 'confirmed it; empty for any size']) expect(drawn).toContain(each)
  })

  describe('in German', () => {
    beforeAll(() => learnDeclared('de'))

    it('names fields, choices and what they are for', () => {
      expect([fieldName('api_url'), choiceName('again', 'after_exit'), declared('Branch')]).toEqual(['URL der API', 'Nach dem Verlassen', 'Verzweigung'])
      const drawn = form()
      for (const each of ['Noch einmal', 'Bestätigen lassen über', 'Wer schon hier war', 'leer: bei jeder Größe', 'value="Einmal"']) expect(drawn).toContain(each)
      expect(drawn).not.toContain('never again')
    })

    it('is as good as it gets for what is newer than the dictionary', () => {
      expect([fieldName('of_tomorrow'), choiceName('again', 'tomorrow'), declared('constructor'), fieldName('toString')]).toEqual(['Of tomorrow', 'Tomorrow', 'constructor', 'To string'])
      expect(form()).toContain('What nobody has translated yet; empty for none.')
    })

    it('tells what a kind of step is for, over its form and in the palette', () => {
      const said = 'Weiter über „Ja“, wenn die Bedingung bei der Ankunft auf die Person zutrifft, sonst über „Nein“.'
      expect(aboutKind(BRANCH)).toBe(said)
      const { logic } = entriesOf({ journey: FORM, steps: new Map([['branch', BRANCH]]) })
      expect(logic.map(({ help }) => help)).toEqual([said])
    })

    it('calls a card as its kind is called, and leaves what an author wrote', () => {
      const kinds = { journey: FORM, steps: new Map([['branch', BRANCH]]) }
      const card = (type: string, title: string) => ({ type, title, note: '' })
      const cards = { a: card('branch', 'Branch'), b: card('trigger', 'Branch') }
      const known = { kinds, cards, run: null, marks: new Map(), problems: new Map(), gaps: false }
      const { steps } = drawingOf({ id: 'x', steps: { a: { type: 'branch' }, b: { type: 'trigger' }, c: { type: 'branch' } } }, known)
      expect(steps.map(({ title }) => title)).toEqual(['Verzweigung', 'Branch', 'Verzweigung'])
    })
  })
})
