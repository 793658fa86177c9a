import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '~/api/may'
import { type Erasure, erasures, prove } from '~/api/privacy'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { NeedsMore } from '~/parts/NeedsMore'
import { Section } from '~/parts/Page'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import { CertificateDialog, Found } from './CertificateDialog'
import styles from './Settings.module.css'

const here = getRouteApi('/settings')

/** Who was forgotten: the certificates, and a search of every store for a name once more. */
export function PrivacyTab() {
  const { tab, erasure } = here.useSearch()
  const navigate = here.useNavigate()
  const may = useMay()
  const query = useQuery({ ...erasures, enabled: tab === 'privacy' && may('people:erase') })
  const look = (id: string | undefined) => void navigate({ search: { tab: 'privacy', ...(id ? { erasure: id } : {}) }, replace: true })
  // Whoever looks at another tab of the settings asks nothing here.
  if (tab !== 'privacy') return null
  if (!may('people:erase')) return <NeedsMore needs="people:erase" />
  return (
    <div className={styles.wide}>
      <Section title={t('Prove that somebody is forgotten')} note={t('Checks the certificate of whoever went by a name, and searches every store for it once more.')}>
        <Prove look={look} />
      </Section>
      <Section title={t('Who was forgotten')} note={t('A person is exported and erased on their own page. A certificate names nobody.')}>
        <Answered query={query} what={t('The erasures did not load')}>
          {(found) => (found.length === 0 ? <p className="quiet">{t('Nobody was erased yet.')}</p> : <ErasureTable found={found} look={look} />)}
        </Answered>
      </Section>
      {erasure && <CertificateDialog id={erasure} close={() => look(undefined)} />}
    </div>
  )
}

/** What was removed of somebody, in all stores together. */
const removed = (each: Erasure) => each.steps.flatMap((step) => Object.values(step.removed)).reduce((sum, many) => sum + many, 0)

function ErasureTable({ found, look }: { found: Erasure[]; look: (id: string) => void }) {
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Who was forgotten')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Certificate')}</th>
            <th scope="col">{t('Asked for')}</th>
            <th scope="col">{t('By')}</th>
            <th scope="col">{t('State')}</th>
            <th scope="col" className={tableStyles.number}>
              {t('Removed')}
            </th>
          </tr>
        </thead>
        <tbody>
          {[...found].reverse().map((each) => (
            <tr key={each.id}>
              <td>
                <Button variant="subtle" onClick={() => look(each.id)}>
                  <span className="mono">{each.id}</span>
                </Button>
              </td>
              <td className="quiet">
                <Ago at={each.requested_at} />
              </td>
              <td className="quiet">{each.by || '–'}</td>
              <td>
                <Chip tone={each.problem ? 'bad' : each.state === 'done' ? 'good' : 'accent'} dot>
                  {each.problem ? t('held up') : each.state === 'done' ? t('done') : t('under way')}
                </Chip>
              </td>
              <td className={tableStyles.number}>{count(removed(each))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Prove({ look }: { look: (id: string) => void }) {
  const [name, setName] = useState('')
  const proof = useMutation({ mutationFn: () => prove(name.trim()) })
  const left = proof.data?.found.flatMap(({ found }) => Object.values(found)).reduce((sum, many) => sum + many, 0) ?? 0
  return (
    <>
      <form
        className={styles.line}
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) proof.mutate()
        }}
      >
        <TextInput
          label={t('An id they went by')}
          w={300}
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value)
            proof.reset()
          }}
        />
        <Button type="submit" disabled={!name.trim()} loading={proof.isPending}>
          {t('Search every store')}
        </Button>
      </form>
      {proof.isError && (
        <p className={styles.bad} role="alert">
          {t('Not proven.')} {proof.error.message}
        </p>
      )}
      {proof.data && (
        <div className={styles.proof}>
          <p className={proof.data.holds ? styles.good : styles.bad} role="status">
            {proof.data.holds
              ? t('It holds: the certificate is genuine, and nothing is found of them in any store.')
              : !proof.data.genuine
                ? t('The certificate was altered: its seal does not fit.')
                : left > 0
                  ? counted(left, 'It does not hold: {{count}} thing is found of them.', 'It does not hold: {{count}} things are found of them.')
                  : t('The erasure is still under way.')}
          </p>
          <Found found={proof.data.found} label={t('What a search found')} />
          <div>
            <Button onClick={() => look(proof.data.erasure.id)}>{t('See the certificate')}</Button>
          </div>
        </div>
      )}
    </>
  )
}
