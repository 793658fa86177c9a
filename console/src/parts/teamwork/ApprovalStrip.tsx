import { useQuery } from '@tanstack/react-query'
import { Hourglass } from 'lucide-react'
import { useState } from 'react'
import { type Approval, waiting } from '~/api/teamwork'
import { t } from '~/words/language'
import { askWords } from './acts'
import { DecideButtons } from './DecideButtons'
import { DecideDialog, type Say } from './DecideDialog'
import styles from './Teamwork.module.css'

/** What waits for a second person about a thing, where the thing is. */
export default function ApprovalStrip({ about }: { about: string }) {
  const { data } = useQuery(waiting)
  const found = data?.approvals.filter((each) => each.state === 'waiting' && `${each.about.kind}:${each.about.id}` === about) ?? []
  return (
    <>
      {found.map((approval) => (
        <OneStrip key={approval.id} approval={approval} />
      ))}
    </>
  )
}

function OneStrip({ approval }: { approval: Approval }) {
  const [said, setSaid] = useState<Say | null>(null)
  return (
    <section className={styles.strip} aria-label={t('Waits for approval')}>
      <Hourglass size={15} aria-hidden="true" />
      <p>
        {approval.own
          ? t('You asked {{act}} this. Nothing is done until a second person approves it.', { act: askWords(approval.action) })
          : t('{{who}} asked {{act}} this. Nothing is done until a second person approves it.', { who: approval.by_name || approval.by, act: askWords(approval.action) })}
      </p>
      <DecideButtons approval={approval} choose={setSaid} quiet />
      {said && <DecideDialog approval={approval} say={said} close={() => setSaid(null)} />}
    </section>
  )
}
