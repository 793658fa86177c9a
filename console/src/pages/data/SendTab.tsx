import { SegmentedControl, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keys as keysQuery } from '~/api/queries'
import { Code } from '~/parts/Code'
import { t } from '~/words/language'
import styles from './DataPage.module.css'
import { snippets } from './snippets'
import { TryIt } from './TryIt'

const NO_KEY = 'YOUR_WRITE_KEY'

/** The Segment SDKs deliver here unchanged: give them this address and a write key. */
export function SendTab() {
  const [language, setLanguage] = useState('browser')
  const [chosen, setChosen] = useState<string | null>(null)
  const writeKeys = (useQuery(keysQuery).data ?? []).filter((key) => key.kind === 'write' && key.revoked_at === null)
  const key = writeKeys.find(({ name }) => name === chosen) ?? writeKeys[0]
  const all = snippets(location.origin, key?.shown ?? NO_KEY)
  const snippet = all.find(({ id }) => id === language) ?? all[0]!
  return (
    <div className={styles.send}>
      <p className="quiet">
        {t('Any Segment SDK sends here unchanged; it needs this server’s address and a write key. Whatever arrives is in “Happening now” within a second.')}
      </p>
      <div className={styles.form}>
        <SegmentedControl className={styles.languages} aria-label={t('Language')} data={all.map(({ id, label }) => ({ value: id, label }))} value={snippet.id} onChange={setLanguage} />
        {writeKeys.length > 1 && (
          <Select aria-label={t('Write key')} w={180} data={writeKeys.map(({ name }) => name)} value={key?.name ?? null} onChange={setChosen} />
        )}
      </div>
      {snippet.install && <Code label={t('Install')} text={snippet.install} />}
      <Code label={t('{{language}} code', { language: snippet.label })} text={snippet.code} />
      {key && <TryIt writeKey={key.shown} />}
      {!key && <p className="quiet">{t('Make a write key under “Keys” and put it where {{key}} stands.', { key: NO_KEY })}</p>}
    </div>
  )
}
