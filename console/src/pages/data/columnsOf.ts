/** The columns of a file one has chosen, and its first rows: read in the browser, before anything is sent. */

const READ_BYTES = 256 * 1024
const ROWS = 5

export interface Glimpse {
  columns: string[]
  rows: string[][]
}

/** Null where only the server can read the file. */
export async function glimpse(file: File): Promise<Glimpse | null> {
  const name = file.name.toLowerCase()
  const packed = name.endsWith('.gz')
  const plain = packed ? name.slice(0, -3) : name
  if (!/\.(csv|jsonl|ndjson)$/.test(plain)) return null
  const text = await beginning(file, packed)
  return plain.endsWith('.csv') ? ofCsv(text) : ofLines(text)
}

async function beginning(file: File, packed: boolean): Promise<string> {
  if (!packed) return file.slice(0, READ_BYTES).text()
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (text.length < READ_BYTES) {
    const { done, value } = await reader.read()
    if (done) break
    text += value
  }
  await reader.cancel()
  return text
}

/** Fields may be quoted, and a quoted one may hold commas, quotes and line breaks. */
export function ofCsv(text: string): Glimpse {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < text.length && rows.length <= ROWS; i += 1) {
    const letter = text[i]!
    if (quoted) {
      if (letter !== '"') field += letter
      else if (text[i + 1] === '"') {
        field += '"'
        i += 1
      } else quoted = false
    } else if (letter === '"') quoted = true
    else if (letter === ',') {
      row.push(field)
      field = ''
    } else if (letter === '\n') {
      rows.push([...row, field.replace(/\r$/, '')])
      row = []
      field = ''
    } else field += letter
  }
  if (rows.length <= ROWS && (field || row.length > 0)) rows.push([...row, field])
  const [columns = [], ...rest] = rows
  return { columns: columns.map((each) => each.replace(/^\uFEFF/, '')), rows: rest }
}

export function ofLines(text: string): Glimpse {
  const objects: Record<string, unknown>[] = []
  for (const line of text.split('\n').slice(0, ROWS)) {
    try {
      const value: unknown = JSON.parse(line)
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) objects.push(value as Record<string, unknown>)
    } catch {
      // The last line may be cut; the server tells of those that are no JSON.
    }
  }
  const columns = [...new Set(objects.flatMap((each) => Object.keys(each)))]
  return { columns, rows: objects.map((each) => columns.map((name) => (typeof each[name] === 'string' ? each[name] : JSON.stringify(each[name] ?? '')))) }
}

/** The column that most likely is what is asked for. */
export const likely = (columns: string[], names: string[]) => names.map((name) => columns.find((each) => each.toLowerCase().replace(/[^a-z]/g, '') === name)).find(Boolean) ?? ''
