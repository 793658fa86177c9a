import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Refusal } from '~/api/client'
import { useMay } from '~/api/may'
import { session } from '~/api/queries'
import { type Choices, chooseSettings, type Setting, settings as settingsQuery, type SettingValue } from '~/api/settings'
import type { Shape } from '~/api/shape'
import { Answered } from '~/parts/States'
import { capital } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { settingName } from '~/words/settingNames'
import { SettingField } from './SettingField'
import styles from './Settings.module.css'

interface Section {
  title: () => string
  about?: () => string
  names: string[]
}

/** Settings in sections; what is written is kept until it is saved as a whole, for some go only together. */
export function ChoicesTab({ sections }: { sections: Section[] }) {
  return (
    <Answered query={useQuery(settingsQuery)} what={t('The settings did not load')}>
      {(list) => <Form key={list.revision} list={list} sections={sections} />}
    </Answered>
  )
}

function Form({ list, sections }: { list: Shape<'SettingList'>; sections: Section[] }) {
  const client = useQueryClient()
  const may = useMay()('settings:write')
  const [written, setWritten] = useState<Choices>({})
  const byName = new Map(list.settings.map((each) => [each.name, each]))
  const save = useMutation({
    mutationFn: () => chooseSettings(written, list.revision),
    onSuccess: async (found) => {
      client.setQueryData(settingsQuery.queryKey, found)
      await client.invalidateQueries({ queryKey: session.queryKey })
    },
  })
  const refusal = save.error instanceof Refusal ? save.error : null
  const movedOn = refusal?.code === 'moved_on'
  const wrong = refusal?.path?.startsWith('$.values.') ? refusal.path.slice('$.values.'.length) : null
  const set = (setting: Setting, value: SettingValue | null) => {
    const { [setting.name]: _, ...others } = written
    // What is as it was is no change.
    const same = value === null ? !setting.chosen : value === setting.value
    setWritten(same ? others : { ...others, [setting.name]: value })
  }
  const changes = Object.keys(written).length
  return (
    <form
      className={styles.wide}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      {!may && <p className={styles.warn}>{t('You may look, but not change anything here. An owner or admin can grant it in Settings, under Accounts.')}</p>}
      {sections.map((section) => (
        <section key={section.title()} className={styles.stack}>
          <div>
            <h2>{section.title()}</h2>
            {section.about && <p className="quiet">{section.about()}</p>}
          </div>
          {section.names.map((name) => {
            const setting = byName.get(name)
            return (
              setting && (
                <SettingField
                  key={name}
                  setting={setting}
                  value={name in written ? (written[name] ?? setting.default) : setting.value}
                  set={may ? (value) => set(setting, value) : null}
                  error={wrong === name ? said(refusal!) : undefined}
                />
              )
            )
          })}
        </section>
      ))}
      {may && (
        <div className={styles.bar}>
          <div aria-live="polite">
            {save.isError && !movedOn && (
              <p className={styles.bad} role="alert">
                {t('Nothing was saved.')} {wrong ? t('{{setting}}: {{problem}}', { setting: settingName(wrong), problem: said(refusal!) }) : refusal ? said(refusal) : save.error.message}
              </p>
            )}
            {movedOn && (
              <p className={styles.bad} role="alert">
                {t('Nothing was saved: {{who}} changed settings since you opened this page. Load theirs, and write yours again.', { who: String(refusal?.told['by'] || t('somebody')) })}
              </p>
            )}
            {!save.isError && <p className="quiet">{changes > 0 ? counted(changes, '{{count}} change is not saved.', '{{count}} changes are not saved.') : t('Everything is saved.')}</p>}
          </div>
          {movedOn ? (
            <Button variant="filled" onClick={() => void client.invalidateQueries({ queryKey: settingsQuery.queryKey })}>
              {t('Load theirs')}
            </Button>
          ) : (
            <>
              <Button
                disabled={changes === 0}
                onClick={() => {
                  setWritten({})
                  save.reset()
                }}
              >
                {t('Undo')}
              </Button>
              <Button type="submit" variant="filled" disabled={changes === 0} loading={save.isPending}>
                {t('Save settings')}
              </Button>
            </>
          )}
        </div>
      )}
    </form>
  )
}

const said = (refusal: Refusal) => capital(`${refusal.message} ${refusal.hint ?? ''}`.trim())
