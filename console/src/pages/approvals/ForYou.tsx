import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type Mention, mentions, readMention } from '~/api/mentions'
import { APPROVALS } from '~/api/teamwork'
import { Ago } from '~/parts/Moment'
import { Section } from '~/parts/Page'
import { kindWords, placeOf } from '~/parts/teamwork/acts'
import { CommentsPanel } from '~/parts/teamwork/CommentsPanel'
import { t } from '~/words/language'
import styles from './ApprovalsPage.module.css'

/** What others said that turns to the reader, until they have read it. */
export function ForYou() {
  const { data } = useQuery(mentions)
  const [answering, setAnswering] = useState<string | null>(null)
  return (
    <>
      {data !== undefined && data.length > 0 && (
        <Section title={t('For you')} note={t('What others said that turns to you')}>
          <ul className={styles.list} aria-label={t('For you')}>
            {data.map((each) => (
              <MentionCard key={each.id} mention={each} answer={() => setAnswering(each.about)} />
            ))}
          </ul>
        </Section>
      )}
      {answering !== null && <CommentsPanel about={answering} close={() => setAnswering(null)} />}
    </>
  )
}

function MentionCard({ mention, answer }: { mention: Mention; answer: () => void }) {
  const client = useQueryClient()
  const read = useMutation({
    mutationFn: () => readMention(mention.id),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: mentions.queryKey }), client.invalidateQueries({ queryKey: APPROVALS })]),
  })
  const [kind = '', ...rest] = mention.about.split(':')
  const place = placeOf(kind, rest.join(':'))
  return (
    <li className={styles.approval}>
      <p>
        <strong>{mention.by_name || mention.by}</strong> · {kindWords(kind)}{' '}
        {place ? (
          <Link {...place} className="link">
            {mention.name}
          </Link>
        ) : (
          mention.name
        )}{' '}
        <span className="faint">
          <Ago at={mention.at} />
        </span>
      </p>
      <p className={styles.said}>{mention.text}</p>
      {read.isError && (
        <p className={styles.problem} role="alert">
          {read.error.message}
        </p>
      )}
      <div className={styles.tools}>
        <Button variant="subtle" onClick={answer}>
          {t('Answer')}
          <span className="unseen"> {mention.name}</span>
        </Button>
        <Button loading={read.isPending} onClick={() => read.mutate()}>
          {t('I have read it')}
        </Button>
      </div>
    </li>
  )
}
