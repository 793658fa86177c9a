import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const SOURCE = fileURLToPath(new URL('../src', import.meta.url))

export interface Sentences {
  /** Keys a dictionary must have: a sentence about a number has one for each form the language knows. */
  plain: Set<string>
  counted: Set<string>
  /** Calls whose sentence is not written out: no dictionary can know it. */
  unreadable: string[]
}

/** Every sentence the console says through `t`, `counted` and `<Said text>`, read from its source. */
export function sentences(): Sentences {
  const found: Sentences = { plain: new Set(), counted: new Set(), unreadable: [] }
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    const path = join(SOURCE, name)
    if (!/(?<!\.d)\.tsx?$/.test(name) || name === 'words/language.ts' || name === 'words/Said.tsx') continue
    const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
    const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true, kind)
    const complain = (node: ts.Node) =>
      found.unreadable.push(`${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText().slice(0, 80)}`)
    const keep = (node: ts.Node, sentence: ts.Node | undefined, into: Set<string>) => {
      const options = sentence ? written(sentence) : null
      if (options) for (const each of options) into.add(each)
      else complain(node)
    }
    const visit = (node: ts.Node) => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
        if (node.expression.text === 't') keep(node, node.arguments[0], found.plain)
        if (node.expression.text === 'counted') keep(node, node.arguments[2], found.counted)
      }
      if (ts.isJsxSelfClosingElement(node) && node.tagName.getText() === 'Said') {
        const text = node.attributes.properties.find((each) => ts.isJsxAttribute(each) && each.name.getText() === 'text')
        // Without one it is somebody else of that name: ours does not compile without.
        if (text && ts.isJsxAttribute(text)) keep(node, text.initializer, found.plain)
      }
      ts.forEachChild(node, visit)
    }
    visit(file)
  }
  return found
}

/** The texts a literal can be; `a ? 'x' : 'y'` is both. Null when any of it is made while running. */
function written(node: ts.Node): string[] | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text]
  if (ts.isParenthesizedExpression(node)) return written(node.expression)
  if (ts.isJsxExpression(node) && node.expression) return written(node.expression)
  if (ts.isConditionalExpression(node)) {
    const [one, other] = [written(node.whenTrue), written(node.whenFalse)]
    return one && other && [...one, ...other]
  }
  return null
}

/** The keys of a language's dictionary: what a plural rule of it can ask for. */
export function keysOf(language: string, { plain, counted }: Sentences): Set<string> {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
  return new Set([...plain, ...[...counted].flatMap((each) => forms.map((form) => `${each}_${form}`))])
}
