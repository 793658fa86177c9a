import type { Properties } from '~/api/types'
import { STEP_FORMATS } from '~/fields/formats'
import { WritingContext } from '~/fields/writing'
import { SchemaForm } from '~/parts/SchemaForm'
import { t } from '~/words/language'
import inspector from '../Inspector.module.css'
import { useEditing } from './editing'
import styles from './Editor.module.css'
import { type Found, Problems, within } from './Problems'

/** The journey itself: its name, what it is for, whom it leaves alone, what it may cost. */
export function WholeSettings({ found }: { found: Found[] }) {
  const editing = useEditing()
  if (!editing) return null
  const { definition, kinds, write } = editing
  const here = within(found, '')
  return (
    <section className={inspector.section}>
      <Problems found={here} />
      <p className={`quiet ${styles.help}`}>{t('Who may enter, and how often, is told by the step that lets people in.')}</p>
      <WritingContext value={{ of: definition, journey: String(definition['id'] ?? '') }}>
        <SchemaForm
          schema={kinds.journey}
          values={definition as Properties}
          change={(values, field) => write(values, field)}
          problems={here.filter(({ weight }) => weight === 'wrong')}
          formats={STEP_FORMATS}
          without={['id', 'start']}
        />
      </WritingContext>
    </section>
  )
}
