/** `npm run untranslated -- de` prints what its dictionary lacks, as JSON to be filled in, and what it has too much. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const { module } = await runnerImport(fileURLToPath(new URL('./sentences.ts', import.meta.url)))

const language = process.argv[2] ?? 'de'
const path = fileURLToPath(new URL(`../src/words/languages/${language}.json`, import.meta.url))
const dictionary = JSON.parse(readFileSync(path, 'utf8'))
const wanted = module.keysOf(language, module.sentences())
const lacking = [...wanted].filter((each) => !dictionary[each]).sort()
const left = Object.keys(dictionary).filter((each) => !wanted.has(each))
console.log(JSON.stringify(Object.fromEntries(lacking.map((each) => [each, ''])), null, 2))
if (left.length) console.error(`Nobody says any more:\n${left.join('\n')}`)
console.error(`${wanted.size} sentences, ${lacking.length} of them not in ${language}.json.`)
