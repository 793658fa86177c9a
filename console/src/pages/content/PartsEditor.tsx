import { Button, NumberInput, SegmentedControl, TextInput } from '@mantine/core'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Medium, Properties, Schema } from '~/api/types'
import { MESSAGE_FORMATS } from '~/fields/messageFormats'
import { SchemaForm } from '~/parts/SchemaForm'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import styles from './TemplatePage.module.css'
import { languagesOf, type Place, rewritten, said, shareOf, shareSet, variantAdded, variantRemoved, variantsOf, written } from './definition'

/** More than so many nobody can tell apart. */
const VARIANTS_MOST = 10

/** A saved mail may be written in MJML; what a step itself says may not, so the channel's schema does not list it. */
const MJML: Schema = { type: 'string', maxLength: 500_000, description: t('The message as MJML, in place of HTML.'), default: '' }

interface Props {
  medium: Medium
  definition: Properties
  change: (definition: Properties) => void
  place: Place
  go: (place: Place) => void
}

/** The parts of the message, of one variant and in one language. */
export function PartsEditor({ medium, definition, change, place, go }: Props) {
  const variants = variantsOf(definition)
  const languages = languagesOf(definition, place.variant)
  const own = String(definition['language'] ?? '')
  const parts = written(definition, place)
  const schema = schemaFor(medium, said(definition, place))
  return (
    <div className={styles.parts}>
      <div className={styles.languages}>
        {variants.length > 0 && (
          <SegmentedControl
            aria-label={t('Variant')}
            data={variants.map((value) => ({ value, label: `${value}, ${percent(shareOf(definition, value), 0)}` }))}
            value={place.variant}
            onChange={(variant) => go({ variant, language: '' })}
          />
        )}
        {variants.length > 0 && (
          <NumberInput
            aria-label={t('Share of variant {{name}}', { name: place.variant })}
            w={90}
            min={0}
            max={100}
            suffix=" %"
            decimalScale={2}
            value={Math.round(shareOf(definition, place.variant) * 1e4) / 100}
            onChange={(next) => typeof next === 'number' && next >= 0 && next <= 100 && change(shareSet(definition, place.variant, next / 100))}
          />
        )}
        <Button
          leftSection={<Plus size={14} />}
          disabled={variants.length >= VARIANTS_MOST}
          onClick={() => {
            const { definition: next, added } = variantAdded(definition, place.variant)
            change(next)
            go({ variant: added, language: '' })
          }}
        >
          {t('Add variant')}
        </Button>
        {variants.length > 0 && (
          <Button
            leftSection={<Trash2 size={14} />}
            onClick={() => {
              const next = variantRemoved(definition, place.variant)
              change(next)
              go({ variant: variantsOf(next)[0] ?? '', language: '' })
            }}
          >
            {t('Remove variant {{name}}', { name: place.variant })}
          </Button>
        )}
      </div>
      {variants.length > 0 && <p className="quiet">{t('People are divided by these shares, and the experiments compare what each brought.')}</p>}
      <div className={styles.languages}>
        <SegmentedControl
          aria-label={t('Language')}
          data={[{ value: '', label: own || t('Every language') }, ...languages.map((value) => ({ value, label: value }))]}
          value={place.language}
          onChange={(language) => go({ ...place, language })}
        />
        <NewLanguage
          add={(language) => {
            change(rewritten(definition, { ...place, language }, {}))
            go({ ...place, language })
          }}
        />
      </div>
      {place.language && <p className="quiet">{t('Only what differs: a part left empty is said as in {{language}}.', { language: own || t('the first language') })}</p>}
      <SchemaForm key={`${place.variant} ${place.language}`} schema={schema} values={parts} change={(next) => change(rewritten(definition, place, next))} formats={MESSAGE_FORMATS} />
    </div>
  )
}

/** HTML or MJML: whichever is written. */
function schemaFor(medium: Medium, parts: Properties): Schema {
  const { html, ...others } = medium.content.properties ?? {}
  if (medium.name !== 'email' || !html) return { ...medium.content, required: [] }
  const body: Record<string, Schema> = parts['html'] ? { html } : parts['mjml'] ? { mjml: MJML } : { html, mjml: MJML }
  const { subject, ...rest } = others
  return { ...medium.content, required: [], properties: { ...(subject ? { subject } : {}), ...body, ...rest } }
}

function NewLanguage({ add }: { add: (language: string) => void }) {
  const [text, setText] = useState('')
  const language = text.trim()
  return (
    <form
      className={styles.languages}
      onSubmit={(event) => {
        event.preventDefault()
        add(language)
        setText('')
      }}
    >
      <TextInput aria-label={t('Another language')} placeholder={t('Such as de')} w={100} value={text} onChange={(event) => setText(event.currentTarget.value)} />
      <Button type="submit" disabled={!/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language)}>
        {t('Add language')}
      </Button>
    </form>
  )
}
