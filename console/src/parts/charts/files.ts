/** Handing over what is on the page as a file: a table, or a picture. */

export function saveFile(name: string, type: string, content: string | Blob) {
  const link = document.createElement('a')
  const blob = typeof content === 'string' ? new Blob([content], { type }) : content
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // The download has begun by then, and the memory is given back.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** Spreadsheets take text for UTF-8 only where it says so. */
export const saveSheet = (name: string, text: string) => saveFile(`${name}.csv`, 'text/csv', `\ufeff${text}`)

/** Cells as text, for a spreadsheet: numbers as they are, so that it can go on reckoning. */
export const sheetText = (rows: unknown[][], separator: string) => rows.map((row) => row.map(sheetCell).join(separator)).join('\n')

function sheetCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return typeof value === 'object' ? quoted(JSON.stringify(value)) : String(value)
  // A text that begins like a formula must stay a text wherever the sheet is opened.
  return quoted(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value)
}

const quoted = (text: string) => (/[",\n\r\t;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const KEPT = [
  'display', 'position', 'inset', 'box-sizing', 'inline-size', 'block-size', 'min-inline-size', 'min-block-size', 'max-inline-size', 'margin', 'padding', 'gap',
  'grid-template-columns', 'justify-items', 'justify-content', 'align-items', 'align-content', 'flex', 'flex-direction', 'flex-wrap', 'overflow',
  'background-color', 'background-image', 'color', 'border', 'border-radius', 'border-spacing', 'border-collapse', 'font-family', 'font-size', 'font-weight', 'line-height', 'letter-spacing',
  'font-variant-numeric', 'text-align', 'vertical-align', 'white-space', 'clip-path', 'opacity', 'fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'text-overflow',
]
const EDGE = 16

/** What an element looks like now, as a PNG at twice its size, on the colour of its paper. */
export async function pictureOf(element: HTMLElement): Promise<Blob> {
  const { width, height } = element.getBoundingClientRect()
  const copy = element.cloneNode(true) as HTMLElement
  dress(element, copy)
  const page = document.createElement('div')
  page.setAttribute('xmlns', 'http://www.w3.org/1999/xhtml')
  page.append(copy)
  const drawn =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><foreignObject width="100%" height="100%">` +
    `${new XMLSerializer().serializeToString(page)}</foreignObject></svg>`
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = (width + 2 * EDGE) * 2
  canvas.height = (height + 2 * EDGE) * 2
  const brush = canvas.getContext('2d')!
  brush.scale(2, 2)
  brush.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--surface')
  brush.fillRect(0, 0, width + 2 * EDGE, height + 2 * EDGE)
  brush.drawImage(image, EDGE, EDGE, width, height)
  return await new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('The picture could not be made.'))), 'image/png'))
}

/** Write into the copy what style sheets say of the original: a picture has none. */
function dress(from: Element, to: Element) {
  const style = getComputedStyle(from)
  const text = KEPT.map((name) => `${name}:${style.getPropertyValue(name)}`).join(';')
  to.setAttribute('style', text)
  for (const [i, child] of [...from.children].entries()) dress(child, to.children[i]!)
}
