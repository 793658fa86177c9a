import { describe, expect, it } from 'vitest'
import { decodeSql, faultOf, paramsOf, tokens, valueOf } from '~/pages/insights/sql/asked'

describe('a query', () => {
  it('is the same text, whatever it is coloured', () => {
    for (const query of ["SELECT 'it''s', \"a\" -- {x:String}\nFROM events /* {y:Int8} */ WHERE a = {z:Array(String)} AND b > 1.5e3", "SELECT 'open", '', '{{{', '/* never closed', 'é 🎉 `q']) {
      expect(tokens(query).map(([text]) => text).join('')).toBe(query)
    }
    expect(tokens("SELECT 'a' FROM t").filter(([, kind]) => kind !== 'plain')).toEqual([['SELECT', 'word'], ["'a'", 'text'], ['FROM', 'word']])
  })

  it('names its parameters once, and none in texts or comments', () => {
    expect(paramsOf("SELECT {a:String}, {a:String}, '{b:String}', {c : Array(UInt8)} -- {d:String}")).toEqual([
      { name: 'a', type: 'String' },
      { name: 'c', type: 'Array(UInt8)' },
    ])
    expect(valueOf({ name: 'c', type: 'Array(String)' }, 'DE, FR ,')).toEqual(['DE', 'FR'])
    expect(valueOf({ name: 'a', type: 'String' }, 'DE, FR')).toBe('DE, FR')
  })

  it('shows where it is wrong', () => {
    const query = 'SELECT *\nFROM events\nWHERE foo ==== 1'
    expect(faultOf("this is no SQL at character 34, near '==)'", query)).toEqual({ from: 33, to: 34, line: 3, column: 13 })
    expect(faultOf('Unknown expression identifier `foo`.', query)).toEqual({ from: 27, to: 30, line: 3, column: 7 })
    expect(faultOf('the function file cannot be used here.', 'SELECT profile, file(1)')).toEqual({ from: 16, to: 20, line: 1, column: 17 })
    expect(faultOf('this is no SQL at character 999, near x', 'SELECT')).toEqual({ from: 5, to: 6, line: 1, column: 6 })
    expect(faultOf('The answer is too large.', query)).toBeNull()
    expect(faultOf('Unknown `(.*` here', query)).toBeNull()
  })

  it('is read from the address, or not at all', () => {
    expect(decodeSql({ query: 'SELECT 1', params: { a: '1', b: 2 } })).toEqual({ query: 'SELECT 1', params: { a: '1' } })
    expect(decodeSql({ query: 7 })).toBeNull()
    expect(decodeSql(null)).toBeNull()
  })
})
