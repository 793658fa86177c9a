import { renderToStaticMarkup } from 'react-dom/server'
import { createElement } from 'react'
import { describe, expect, it } from 'vitest'
import { keysOf, sentences } from '../build/sentences.ts'
import { counted, t } from '~/words/language'
import german from '~/words/languages/de.json'
import { Said } from '~/words/Said'

const said = sentences()
const dictionaries: Record<string, Record<string, string>> = { de: german }

const holes = (text: string) => [...text.matchAll(/\{\{\s*(\w+)[^}]*\}\}/g)].map((each) => each[1]).sort()
const tags = (text: string) => [...text.matchAll(/<(\w+)\/?>/g)].map((each) => each[1]).sort()

describe('what the console says', () => {
  it('is written out where it is said', () => {
    expect(said.unreadable).toEqual([])
  })

  for (const [language, dictionary] of Object.entries(dictionaries)) {
    it(`has nothing left over in ${language}`, () => {
      const wanted = keysOf(language, said)
      expect(Object.keys(dictionary).filter((each) => !wanted.has(each))).toEqual([])
    })

    it(`lacks nothing in ${language}`, () => {
      expect([...keysOf(language, said)].filter((each) => !dictionary[each])).toEqual([])
    })

    it(`keeps its values and parts in ${language}`, () => {
      const broken = Object.entries(dictionary).filter(([key, text]) => {
        const sentence = key.replace(/_(zero|one|two|few|many|other)$/, '')
        return holes(text).some((each) => !holes(sentence).includes(each)) || String(tags(text)) !== String(tags(sentence))
      })
      expect(broken).toEqual([])
    })
  }

  it('counts, and writes numbers as the reader does', () => {
    expect(counted(1, '{{count}} person', '{{count}} people')).toBe('1 person')
    expect(counted(1234, '{{count}} person', '{{count}} people')).toBe('1,234 people')
    expect(t('Sent to {{name}}: 1.5 a.m.', { name: 'Ana' })).toBe('Sent to Ana: 1.5 a.m.')
  })

  it('takes a value for text, whatever it looks like', () => {
    const name = '<b>{{name}}</b> $t(Save) <img src=x onerror=alert(1)>'
    expect(t('Sent to {{name}}', { name })).toBe(`Sent to ${name}`)
    const drawn = renderToStaticMarkup(createElement(Said, { text: 'Sent to <strong>{{name}}</strong>.', values: { name }, parts: { strong: createElement('strong') } }))
    expect(drawn).toBe('Sent to <strong>&lt;b&gt;{{name}}&lt;/b&gt; $t(Save) &lt;img src=x onerror=alert(1)&gt;</strong>.')
  })
})
