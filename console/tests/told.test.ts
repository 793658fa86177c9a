import { beforeAll, describe, expect, it } from 'vitest'
import german from '~/words/languages/de.told.json'
import { learnTold, numberTold, titleTold, told, toldRefusal, wordTold } from '~/words/told'
import { toldGroup } from '~/words/toldGroups'

const places = (text: string) => new Set([...text.matchAll(/\{\{([nqp]?\d+)(?:\|[^}]*)?\}\}/g)].map((each) => each[1]))

describe('what the server says', () => {
  it('stays English until another language is learnt', () => {
    expect(told("there is no segment 'vip'.")).toBe("there is no segment 'vip'.")
    expect(toldGroup('People who did “Order Completed”.')).toBe('People who did “Order Completed”.')
  })

  describe('in German', () => {
    beforeAll(() => learnTold('de'))

    it('keeps its values', () => {
      expect(told("there is no segment 'vip'.")).toBe('es gibt kein Segment „vip“.')
      expect(told('Use -100 to 100; less than 0 is before.')).toBe('Nehmen Sie −100 bis 100; weniger als 0 ist davor.')
    })

    it('writes numbers as its readers do, and chooses the form by them', () => {
      expect(told('Use at most 10000 digits.')).toBe('Nehmen Sie höchstens 10.000 Ziffern.')
      expect(told('this takes longer than 1 minutes.')).toBe('das dauert länger als 1 Minute.')
      expect(told('this takes longer than 5 minutes.')).toBe('das dauert länger als 5 Minuten.')
      expect(['1,234', '12.50', '-3.2', '13.1%', '+0.5'].map(numberTold)).toEqual(['1.234', '12,50', '−3,2', '13,1 %', '+0,5'])
    })

    it('calls arms by their names', () => {
      expect(told("only 9 of 'holdout' have been through the whole time: it takes 20")).toBe('nur 9 aus der Kontrollgruppe haben die ganze Zeit hinter sich: es braucht 20')
      expect(told("nobody of 'blue' has been through the whole time yet: it takes 20")).toBe('niemand aus „blue“ hat die ganze Zeit schon hinter sich: es braucht 20')
      expect(told("only 9 of 'blue' have been through the whole time: it takes 1,000")).toBe('nur 9 aus „blue“ haben die ganze Zeit hinter sich: es braucht 1.000')
    })

    it('begins with a capital where the server does', () => {
      expect(told('nobody has a trait plan.')).toBe('niemand hat ein Merkmal plan.')
      expect(told('Nobody has a trait plan.')).toBe('Niemand hat ein Merkmal plan.')
    })

    it('says what stands within a sentence as well, and several in a row', () => {
      expect(told("line 3: there is no catalogue 'shoes'.")).toBe('Zeile 3: es gibt keinen Katalog „shoes“.')
      expect(told('Save it first. Did you mean \'gold\'?')).toBe('Speichern Sie es zuerst. Meinten Sie „gold“?')
      expect(told('Leave it out. Rename one.')).toBe('Lassen Sie es weg. Benennen Sie eines um.')
    })

    it('tells where in a message something is wrong', () => {
      expect(told("It could not be rendered: text: line 1: money: name the currency by three capitals, such as 'EUR'")).toBe(
        'Sie ließ sich nicht füllen: text: Zeile 1: money: Nennen Sie die Währung mit drei Großbuchstaben, etwa „EUR“',
      )
    })

    it('leaves alone what nobody knows', () => {
      expect(told('550 5.1.1 mailbox unavailable')).toBe('550 5.1.1 mailbox unavailable')
    })

    it('takes a value for text, whatever it looks like', () => {
      const name = '<img src=x onerror=alert(1)> {{1}} $1 $&'
      expect(told(`there is no segment '${name}'.`)).toBe(`es gibt kein Segment „${name}“.`)
    })

    it('says what a step is called and what is particular about it', () => {
      expect(titleTold('Until Order Completed')).toBe('Bis Order Completed')
      expect(titleTold('Signed Up')).toBe('Signed Up')
      expect(toldGroup('Again after leaving, 2 days apart')).toBe('Noch einmal nach dem Verlassen, 2 Tage Abstand')
      expect(titleTold('Email: Once and for all')).toBe('E-Mail: Once and for all')
      expect(titleTold('Email')).toBe('E-Mail')
      expect(titleTold('Until Order: paid')).toBe('Bis Order: paid')
      expect(toldGroup('Topic “Once and for all”')).toBe('Thema „Once and for all“')
      expect(toldGroup('win-back-and-on')).toBe('win-back-and-on')
    })

    it('knows single words, and leaves others', () => {
      expect(wordTold('no_identity')).toBe('Niemand genannt')
      expect(wordTold('constructor')).toBe('constructor')
    })

    it('is told of refusals', () => {
      expect(toldRefusal({ code: 'bad_id', message: 'This list is empty.', hint: 'Name at least one.' })).toEqual({ code: 'bad_id', message: 'Diese Liste ist leer.', hint: 'Nennen Sie mindestens eines.' })
    })

    it('tells groups of people', () => {
      const said = 'People who did “Order Completed” at least 3 times in the last 30 days, where revenue is greater than 50 and did not do “App Uninstalled” last month.'
      expect(toldGroup(said)).toBe(
        'Personen, für die gilt: „Order Completed“ geschah mindestens 3-mal in den letzten 30 Tagen, wobei gilt: revenue ist größer als 50 und „App Uninstalled“ geschah nicht im letzten Monat.',
      )
      expect(toldGroup('first did “is set and last month” since 2026-11-01')).toBe('das erste „is set and last month“ war seit 2026-11-01')
      expect(toldGroup('whose country is any of "DE", "in the last 3 days"')).toBe('das Merkmal country ist eines von „DE“, „in the last 3 days“')
      expect(toldGroup('People who did “Order Completed” and (whose plan is "gold" or who are in the segment “vip”).')).toBe(
        'Personen, für die gilt: „Order Completed“ geschah und (das Merkmal plan ist „gold“ oder im Segment „vip“).',
      )
      expect(toldGroup('People whose who is set.')).toBe('Personen, für die gilt: das Merkmal who ist gesetzt.')
    })
  })

  it('keeps its places in every language', () => {
    const broken = [...Object.entries(german.sentences), ...Object.entries(german.phrases)].filter(([english, said]) => [...places(said)].some((each) => !places(english).has(each)))
    expect(broken).toEqual([])
  })
})
