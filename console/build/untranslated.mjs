/**
 * `npm run untranslated -- de` prints what its dictionaries lack, as JSON to be filled in, and what they have too much:
 * of the console's own sentences, and of what the server declares and says, for which Python is asked (`PYTHON`, else
 * the repository's own environment).
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const { module } = await runnerImport(fileURLToPath(new URL('./sentences.ts', import.meta.url)))

const language = process.argv[2] ?? 'de'
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const read = (name) => {
  const path = here(`../src/words/languages/${name}.json`)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
}

/** What is wanted and not there, with nothing said yet; what is there and not wanted is told beside it. */
function lacking(wanted, dictionary, name) {
  const left = Object.keys(dictionary).filter((each) => !wanted.has(each))
  const lacks = [...wanted].filter((each) => !dictionary[each]).sort()
  if (left.length) console.error(`Nobody says any more:\n${left.join('\n')}`)
  console.error(`${name}: ${wanted.size}, ${lacks.length} of them not there.`)
  return Object.fromEntries(lacks.map((each) => [each, '']))
}

console.log(JSON.stringify(lacking(module.keysOf(language, module.sentences()), read(language), `${language}.json`), null, 2))

const python = process.env.PYTHON ?? here('../../.venv/bin/python')
const asked = (module) => JSON.parse(execFileSync(python, ['-m', module], { encoding: 'utf8', maxBuffer: 16 * 2 ** 20 }))
const declared = read(`${language}.declared`)
const kinds = Object.entries(asked('holdfast.cli.declared_words')).map(([kind, wanted]) => [kind, lacking(new Set(wanted), declared[kind] ?? {}, `${language}.declared.json, ${kind}`)])
console.log(JSON.stringify(Object.fromEntries(kinds), null, 2))

const told = read(`${language}.told`)
const lines = Object.entries(asked('holdfast.cli.told_words')).map(([kind, wanted]) => [kind, lacking(new Set(wanted), told[kind] ?? {}, `${language}.told.json, ${kind}`)])
console.log(JSON.stringify(Object.fromEntries(lines), null, 2))
