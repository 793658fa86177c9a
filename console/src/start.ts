import { learnLanguage } from './words/language'

// Labels are said where they are declared, so the language comes before everything that declares one.
await learnLanguage()
await import('./main')
