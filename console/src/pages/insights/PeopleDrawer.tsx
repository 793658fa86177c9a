import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { post, route } from '~/api/client'
import { segments } from '~/api/queries'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import { slug } from '~/pages/segments/slug'
import { PeopleDrawing } from '~/parts/Drawings'
import { Pager } from '~/parts/Pager'
import { PeopleLines } from '~/parts/PeopleLines'
import { SideDrawer } from '~/parts/SideDrawer'
import { Answered, Empty, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { type Answer, type CellKey, peopleWords } from './answer'
import { peopleBehind, PEOPLE_PER_PAGE, useToday } from './asking'
import { bodyOf } from './body'
import { cellWords } from './cellWords'
import styles from './Insights.module.css'
import { insightOf } from './kinds'
import type { Question } from './question'

interface Props {
  question: Question
  answer: Answer
  cell: CellKey
  close: () => void
}

/** The people behind a number, and a way to keep them. */
export function PeopleDrawer({ question, answer, cell, close }: Props) {
  const may = useMay()
  return (
    <SideDrawer title={t('People behind this number')} close={close}>
      <p className="quiet">
        {insightOf(question.kind).title(question)}
        <br />
        <strong className={styles.which}>{cellWords(question, cell, answer).join(' · ')}</strong>
      </p>
      {may('people:read') ? <Behind key={JSON.stringify(cell)} question={question} cell={cell} /> : <p role="status">{t('Who they are, only those may see who may read people. An owner or admin can grant it in Settings → Accounts.')}</p>}
    </SideDrawer>
  )
}

function Behind({ question, cell }: { question: Question; cell: CellKey }) {
  const [page, setPage] = useState(1)
  const today = useToday()
  const query = useQuery(peopleBehind(question, cell, page, today))
  return (
    <Answered query={query} what={t('The people did not load')} waiting={<Waiting rows={8} height={44} />}>
      {({ people, count }) =>
        count === 0 ? (
          <Empty title={t('Nobody')} drawing={<PeopleDrawing />}>
            {t('No person is behind this number.')}
          </Empty>
        ) : (
          <>
            <p className={styles.count}>{peopleWords(count)}</p>
            <Keep question={question} cell={cell} people={count} />
            <PeopleLines people={people} stale={query.isPlaceholderData} />
            <Pager page={page} pages={Math.ceil(count / PEOPLE_PER_PAGE)} go={setPage} />
          </>
        )
      }
    </Answered>
  )
}

/** Keeps those who are behind the number now, as a segment. */
function Keep({ question, cell, people }: { question: Question; cell: CellKey; people: number }) {
  const client = useQueryClient()
  const today = useToday()
  const allowed = useMay()('analyses:write')
  const [asking, setAsking] = useState(false)
  const [name, setName] = useState('')
  const [unnamed] = useState(() => `people-${Date.now().toString(36)}`)
  const id = slug(name, unnamed)
  // A name somebody else's segment has would put these people in its place.
  const taken = useQuery(segments).data?.some((saved) => saved.id === id) ?? false
  const keep = useMutation({
    mutationFn: () => post<Shape<'SavedPeople'>>(route`/api/insights/${question.kind}/save`, { question: bodyOf(question, today), cell, id, name: name.trim() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['segments'] }),
  })
  if (!allowed) return null
  if (keep.data) {
    return (
      <p className={styles.kept} role="status">
        {t('{{people}} are kept in', { people: peopleWords(keep.data.people) })}{' '}
        <Link className="link" to="/segments/$id" params={{ id: keep.data.id }}>
          {keep.data.name}
        </Link>
      </p>
    )
  }
  if (!asking) {
    return (
      <Button variant="filled" onClick={() => setAsking(true)}>
        {t('Save as segment')}
      </Button>
    )
  }
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (id && !taken) keep.mutate()
      }}
    >
      <TextInput
        data-autofocus
        autoFocus
        label={t('Name of the segment')}
        value={name}
        maxLength={200}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
        description={t('A list of the {{people}} behind the number now', { people: peopleWords(people) })}
        error={taken ? t('There is a segment called that. Choose another name.') : keep.isError ? t('Not saved. {{why}}', { why: keep.error.message }) : undefined}
      />
      <div className={styles.actions}>
        <Button onClick={() => setAsking(false)}>{t('Cancel')}</Button>
        <Button type="submit" variant="filled" disabled={!id || taken} loading={keep.isPending}>
          {t('Save')}
        </Button>
      </div>
    </form>
  )
}
