import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOOR = `${ROOT}src/api/client.ts`

/** What `~/api/client` gives to call the server by, and the method each means. */
const METHODS: Record<string, string> = { get: 'GET', post: 'POST', put: 'PUT', remove: 'DELETE', upload: 'POST' }

export interface Calls {
  /** "GET /api/people/{}": what is put in is `{}`, unless its type is a few words: then it is each of them. */
  calls: Set<string>
  /** Addresses that stand by themselves, for a link, a download or a stream: the browser gets them. */
  links: Set<string>
  /** Calls whose path is not written where it is called: nobody can know it. */
  unreadable: string[]
}

/** Every call of the server in the console's source. */
export function calls(): Calls {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile) as { config: unknown }
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const program = ts.createProgram(fileNames, { ...options, noEmit: true })
  const found: Calls = { calls: new Set(), links: new Set(), unreadable: [] }
  for (const file of program.getSourceFiles()) {
    if (!file.fileName.startsWith(`${ROOT}src/`) || file.isDeclarationFile || file.fileName === DOOR) continue
    gather(file, program.getTypeChecker(), found)
  }
  return found
}

function gather(file: ts.SourceFile, checker: ts.TypeChecker, found: Calls) {
  const visit = (node: ts.Node) => {
    const method = ts.isCallExpression(node) ? methodOf(node.expression, checker) : null
    if (ts.isCallExpression(node) && method) {
      const paths = node.arguments[0] ? pathsIn(node.arguments[0], checker) : null
      if (paths) for (const path of paths) found.calls.add(`${method} ${path}`)
      else found.unreadable.push(`${file.fileName.slice(ROOT.length)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText().slice(0, 80)}`)
      // What it is called with may hold calls; its path is no link.
      node.arguments.slice(1).forEach(visit)
      return
    }
    if (isWritten(node)) for (const path of pathsIn(node, checker) ?? []) if (/^\/(api|session|v1)\b/.test(path)) found.links.add(path)
    ts.forEachChild(node, visit)
  }
  visit(file)
}

/** The method that a name of the door means; a function of the same name from elsewhere is none. */
function methodOf(callee: ts.Expression, checker: ts.TypeChecker): string | null {
  if (!ts.isIdentifier(callee) || !Object.hasOwn(METHODS, callee.text)) return null
  const named = checker.getSymbolAtLocation(callee)
  const meant = named && named.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(named) : named
  return meant?.valueDeclaration?.getSourceFile().fileName === DOOR ? METHODS[callee.text]! : null
}

const isWritten = (node: ts.Node): node is ts.Expression => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || isRoute(node)
const isRoute = (node: ts.Node): node is ts.TaggedTemplateExpression => ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'route'

/** The paths an expression can be; null where any of it is made elsewhere. */
function pathsIn(node: ts.Expression, checker: ts.TypeChecker): string[] | null {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (isRoute(node)) return pathsIn(node.template, checker)
  if (ts.isTemplateExpression(node)) return filled(node, checker)
  if (ts.isParenthesizedExpression(node)) return pathsIn(node.expression, checker)
  if (node.kind === ts.SyntaxKind.NullKeyword) return []
  if (ts.isConditionalExpression(node)) {
    const [one, other] = [pathsIn(node.whenTrue, checker), pathsIn(node.whenFalse, checker)]
    return one && other && [...one, ...other]
  }
  if (ts.isCallExpression(node) && node.expression.getText() === 'address' && node.arguments[0]) return pathsIn(node.arguments[0], checker)
  if (ts.isIdentifier(node)) {
    const meant = checker.getSymbolAtLocation(node)?.valueDeclaration
    if (meant && ts.isVariableDeclaration(meant) && meant.initializer && ts.getCombinedNodeFlags(meant) & ts.NodeFlags.Const) return pathsIn(meant.initializer, checker)
  }
  return wordsOf(node, checker)
}

/** A template with its holes filled: by each word their type allows, else by `{}`. */
function filled(node: ts.TemplateExpression, checker: ts.TypeChecker): string[] {
  let paths = [node.head.text]
  for (const { expression, literal } of node.templateSpans) {
    const words = wordsOf(expression, checker) ?? ['{}']
    paths = paths.flatMap((path) => words.map((word) => path + word + literal.text))
  }
  return paths
}

/** The words an expression can be, where its type tells them. */
function wordsOf(node: ts.Expression, checker: ts.TypeChecker): string[] | null {
  const type = checker.getTypeAtLocation(node)
  const options = (type.isUnion() ? type.types : [type]).filter((each) => !(each.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)))
  return options.length > 0 && options.every((each) => each.isStringLiteral()) ? options.map((each) => (each as ts.StringLiteralType).value) : null
}
