/** A query, its parameters, and where in it something is wrong. */

export interface SqlQuestion {
  query: string
  params?: Record<string, string>
}

/** What the address keeps, if it is one. */
export function decodeSql(kept: unknown): SqlQuestion | null {
  if (typeof kept !== 'object' || kept === null) return null
  const { query, params } = kept as Record<string, unknown>
  if (typeof query !== 'string') return null
  const texts = typeof params === 'object' && params !== null ? Object.entries(params).filter((pair): pair is [string, string] => typeof pair[1] === 'string') : []
  return texts.length > 0 ? { query, params: Object.fromEntries(texts) } : { query }
}

export const FIRST: SqlQuestion = {
  query: `SELECT toStartOfMonth(timestamp) AS month, event, count() AS times, uniqExact(person) AS people
FROM events
WHERE timestamp > now() - INTERVAL 90 DAY
GROUP BY month, event
ORDER BY month, times DESC`,
}

export interface Param {
  name: string
  type: string
}

/** The parameters a query names, `{country:String}`, each once; those in quotes or comments are none. */
export function paramsOf(query: string): Param[] {
  const found = new Map<string, Param>()
  for (const [text, kind] of tokens(query)) {
    if (kind !== 'param') continue
    const [name = '', type = ''] = text.slice(1, -1).split(/:(.*)/s)
    if (!found.has(name)) found.set(name.trim(), { name: name.trim(), type: type.trim() })
  }
  return [...found.values()]
}

/** A parameter as the API takes it: a list where the type is one, else text, which is read as its type. */
export function valueOf({ type }: Param, text: string): string | string[] {
  return /^Array\(/i.test(type) ? text.split(',').map((each) => each.trim()).filter(Boolean) : text
}

const WORDS = new Set(
  'select from where group by order having limit offset with as and or not in is null join left right inner outer full cross any all asof on using union distinct between like ilike case when then else end interval day month year hour minute week asc desc over partition prewhere array sample final settings true false'.split(' '),
)

export type TokenKind = 'word' | 'text' | 'number' | 'comment' | 'param' | 'plain'
const PIECES = /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^'\\]|\\.|'')*'?|"(?:[^"\\]|\\.)*"?|`[^`]*`?)|(\{\w+\s*:[^{}]*\})|(\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|([A-Za-z_]\w*)|([\s\S])/gi

/** The query in pieces, for their colours. */
export function tokens(query: string): [string, TokenKind][] {
  const found: [string, TokenKind][] = []
  for (const [text, comment, quoted, param, number, name] of query.matchAll(PIECES)) {
    const kind: TokenKind = comment ? 'comment' : quoted ? (text.startsWith("'") ? 'text' : 'plain') : param ? 'param' : number ? 'number' : name && WORDS.has(text.toLowerCase()) ? 'word' : 'plain'
    const last = found.at(-1)
    if (last && last[1] === kind && kind === 'plain') last[0] += text
    else found.push([text, kind])
  }
  return found
}

export interface Fault {
  from: number
  to: number
  line: number
  column: number
}

/** Where in the query a complaint is about: the character it names, or the word it quotes. */
export function faultOf(message: string, query: string): Fault | null {
  const at = /at character (\d+)/.exec(message)
  if (at) return placed(query, Math.min(Number(at[1]) - 1, Math.max(0, query.length - 1)))
  const name = /[`'“"]([^`'”"]{1,100})[`'”"]/.exec(message)?.[1] ?? /the function (\w+)/.exec(message)?.[1]
  const found = name === undefined ? -1 : query.search(new RegExp(`(?<!\\w)${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`, 'i'))
  return found < 0 ? null : placed(query, found, found + name!.length)
}

function placed(query: string, from: number, to?: number): Fault {
  const before = query.slice(0, from).split('\n')
  const word = /^\w+/.exec(query.slice(from))?.[0].length ?? 1
  return { from, to: to ?? from + word, line: before.length, column: before.at(-1)!.length + 1 }
}
