import { Button, JsonInput, SegmentedControl, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { segments } from '~/api/queries'
import type { Json } from '~/api/types'
import { builderOf, BuilderContext } from '~/pages/segments/builderContext'
import { decode, Misshapen } from '~/pages/segments/decode'
import { GroupBlock } from '~/pages/segments/GroupBlock'
import { encode, type Group, newGroup, newTrait } from '~/pages/segments/model'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { asFields } from '~/pages/runs/graph'
import styles from './Fields.module.css'
import { Words } from './ConditionField'

type Way = 'rules' | 'segment' | 'json'

function drawn(condition: Json): Group | null {
  if (condition === null) return newGroup('all', [newTrait()])
  try {
    return decode(condition)
  } catch (error) {
    if (error instanceof Misshapen) return null
    throw error
  }
}

const segmentIn = (condition: Json): string => {
  const fields = asFields(condition)
  return fields['type'] === 'in_segment' && typeof fields['segment'] === 'string' && Object.keys(fields).length === 2 ? fields['segment'] : ''
}

/** Who is meant: by rules, by a saved segment, or as the API has it. */
export function ConditionDialog({ title, condition, close, done }: { title: string; condition: Json; close: () => void; done: (condition: Json) => void }) {
  const [root, setRoot] = useState<Group | null>(() => drawn(condition))
  const [way, setWay] = useState<Way>(() => (segmentIn(condition) ? 'segment' : root === null ? 'json' : 'rules'))
  const [segment, setSegment] = useState(() => segmentIn(condition))
  const [text, setText] = useState(() => JSON.stringify(condition, null, 2))
  const builder = useMemo(() => builderOf((change) => setRoot((group) => (group === null ? group : change(group)))), [])
  const saved = useQuery(segments).data ?? []
  const written = read(text)
  const said: Json | null = way === 'rules' ? (root && encode(root)) : way === 'segment' ? (segment ? { type: 'in_segment', segment } : null) : written
  const ways: { value: Way; label: string }[] = [
    ...(root === null ? [] : [{ value: 'rules' as const, label: t('Rules') }]),
    { value: 'segment', label: t('A saved segment') },
    { value: 'json', label: t('JSON') },
  ]
  return (
    <Dialog onClose={close} title={title} size={900}>
      <div className={styles.dialog}>
        <div>
          <SegmentedControl aria-label={t('How to say who')} data={ways} value={way} onChange={(next) => setWay(next as Way)} />
        </div>
        {way === 'rules' && root && (
          <BuilderContext value={builder}>
            <GroupBlock group={root} level={0} />
          </BuilderContext>
        )}
        {way === 'segment' && (
          <Select
            label={t('Segment')}
            placeholder={saved.length > 0 ? t('Choose one') : t('No segment is saved yet')}
            searchable
            data={saved.map(({ id, name }) => ({ value: id, label: name || id }))}
            value={segment || null}
            onChange={(next) => setSegment(next ?? '')}
          />
        )}
        {way === 'json' && <JsonInput label={t('The condition')} autosize minRows={6} maxRows={18} validationError={t('This is not JSON.')} value={text} onChange={setText} />}
        {said !== null && <Words condition={said} />}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button variant="filled" disabled={said === null} onClick={() => said !== null && done(said)}>
            {t('Use it')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function read(text: string): Json | null {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}
