import { Button, Input } from '@mantine/core'
import { Pencil } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { Json } from '~/api/types'
import { useCount } from '~/pages/segments/useCount'
import type { FieldProps } from '~/parts/SchemaForm'
import { counted, t } from '~/words/language'
import { percent } from '~/words/numbers'
import styles from './Fields.module.css'

// The builder has forms of its own for rules, and these have conditions in them.
const ConditionDialog = lazy(() => import('./ConditionDialog').then((module) => ({ default: module.ConditionDialog })))

/** A condition in plain words with how many it is true of; it is written with the segment builder. */
export function ConditionField({ label, description, schema, value, set, required, error }: FieldProps) {
  const [open, setOpen] = useState(false)
  const condition = value ?? null
  const nobody = condition === null
  return (
    <Input.Wrapper label={label} description={description} error={error} required={required} withAsterisk={required} labelElement="div">
      <div className={styles.condition}>
        {nobody ? <p className="quiet">{t('Everybody')}</p> : <Words condition={condition} />}
        <div className={styles.line}>
          <Button leftSection={<Pencil size={13} />} onClick={() => setOpen(true)}>
            {nobody ? t('Say who') : t('Change who')}
          </Button>
          {!nobody && schema.default === null && (
            <Button variant="subtle" onClick={() => set(null)}>
              {t('Everybody')}
            </Button>
          )}
        </div>
      </div>
      {open && (
        <Suspense fallback={null}>
          <ConditionDialog
            title={label}
            condition={condition}
            close={() => setOpen(false)}
            done={(next) => {
              set(next)
              setOpen(false)
            }}
          />
        </Suspense>
      )}
    </Input.Wrapper>
  )
}

export function Words({ condition }: { condition: Json }) {
  const query = useCount(condition)
  if (query.isError) return <p className={styles.wrong}>{query.error.message}</p>
  if (!query.data) return <p className="quiet">{t('Counting…')}</p>
  const { words, count, of } = query.data
  return (
    <p>
      {words.replace(/\*\*/g, '')}{' '}
      <span className="quiet">
        {counted(count, '{{count}} person now', '{{count}} people now')}
        {of > 0 ? `, ${percent(count / of, 1)}` : ''}
      </span>
    </p>
  )
}
