import { Button, SegmentedControl } from '@mantine/core'
import { Zap } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '~/api/may'
import type { Run } from '~/api/types'
import { Code } from '~/parts/Code'
import { t } from '~/words/language'
import { callSnippets } from './calling'
import styles from './Inspector.module.css'
import { TriggerDialog } from './TriggerDialog'

/** How a program begins it, and a way to do by hand what the program would. */
export function CallSection({ run }: { run: Run }) {
  const [triggering, setTriggering] = useState(false)
  const [language, setLanguage] = useState('curl')
  const may = useMay()
  const all = callSnippets(location.origin, run)
  const shown = all.find(({ id }) => id === language) ?? all[0]!
  return (
    <section className={styles.section} aria-label={t('Trigger')}>
      <h3>{t('Trigger')}</h3>
      <div className={styles.message}>
        <p className="quiet">{t('A program of yours lets people in by this call. Its API key needs the permission to publish; make one in Settings, under Keys.')}</p>
        <SegmentedControl aria-label={t('Language')} data={all.map(({ id, label }) => ({ value: id, label }))} value={shown.id} onChange={setLanguage} />
        <Code label={t('{{language}} code', { language: shown.label })} text={shown.code} />
        {may('decisions:publish') ? (
          <>
            <div className={styles.buttons}>
              <Button leftSection={<Zap size={14} />} disabled={run.state !== 'live'} onClick={() => setTriggering(true)}>
                {t('Trigger now')}
              </Button>
            </div>
            {run.state !== 'live' && <p className="quiet">{t('Nobody enters while it does not run.')}</p>}
          </>
        ) : (
          <p className="quiet">{t('An owner or admin can let you trigger it in Settings → Accounts.')}</p>
        )}
      </div>
      {triggering && <TriggerDialog run={run} close={() => setTriggering(false)} />}
    </section>
  )
}
