import { Button, Textarea, Tooltip } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MessageSquare } from 'lucide-react'
import { Fragment, useRef, useState } from 'react'
import { accounts } from '~/api/accounts'
import { changeComment, type Comment, comments, dropComment, sayComment } from '~/api/teamwork'
import { Dialog } from '~/parts/Dialog'
import { Ago } from '~/parts/Moment'
import { PersonMark } from '~/parts/PersonMark'
import { Answered } from '~/parts/States'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from './Teamwork.module.css'

const LENGTH_MOST = 4000

/** The button that opens what was said of a thing, with how much of it is not settled. */
export function CommentsButton({ about }: { about: string }) {
  const [open, setOpen] = useState(false)
  const { data } = useQuery(comments(about))
  const unsettled = data?.comments.filter(({ resolved_at }) => resolved_at === null).length ?? 0
  return (
    <>
      <Tooltip label={t('What people say of this')}>
        <Button className={styles.opener} data-none={unsettled === 0 || undefined} leftSection={<MessageSquare size={14} aria-hidden="true" />} onClick={() => setOpen(true)}>
          <span className={styles.opens}>{unsettled > 0 ? counted(unsettled, '{{count}} comment', '{{count}} comments') : t('Comments')}</span>
          {unsettled > 0 && (
            <span className={styles.unsettled} aria-hidden="true">
              {count(unsettled)}
            </span>
          )}
        </Button>
      </Tooltip>
      {open && <CommentsPanel about={about} close={() => setOpen(false)} />}
    </>
  )
}

/** What was said of a thing, oldest first, and a place to say more. */
export function CommentsPanel({ about, close }: { about: string; close: () => void }) {
  const query = useQuery(comments(about))
  const [settled, setSettled] = useState(false)
  const hidden = query.data?.comments.filter(({ resolved_at }) => resolved_at !== null).length ?? 0
  return (
    <Dialog onClose={close} title={t('Comments')} size="md">
      <div className={styles.comments}>
        <Answered query={query} what={t('The comments did not load')}>
          {({ comments: all }) => {
            const shown = all.filter(({ resolved_at }) => settled || resolved_at === null)
            return shown.length === 0 ? (
              <p className="quiet">{t('Nobody has said anything that is not settled. What you write here is read by everybody who works here.')}</p>
            ) : (
              <ul className={styles.list} tabIndex={0} aria-label={t('Comments')}>
                {shown.map((comment) => (
                  <Said key={comment.id} about={about} comment={comment} />
                ))}
              </ul>
            )
          }}
        </Answered>
        {hidden > 0 && (
          <div>
            <Button variant="subtle" aria-pressed={settled} onClick={() => setSettled(!settled)}>
              {settled ? t('Hide what is settled') : t('Show what is settled, {{amount}}', { amount: count(hidden) })}
            </Button>
          </div>
        )}
        <SayForm about={about} />
      </div>
    </Dialog>
  )
}

function useChange(about: string, act: () => Promise<unknown>, done?: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      done?.()
      return client.invalidateQueries({ queryKey: ['comments', about] })
    },
  })
}

function SayForm({ about }: { about: string }) {
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const say = useChange(about, () => sayComment(about, text), () => setText(''))
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim()) say.mutate()
      }}
    >
      <Textarea
        label={t('Your comment')}
        description={t('Plain text. Write @ and a name to turn to somebody: they find it under Approvals.')}
        autosize
        minRows={2}
        maxRows={8}
        maxLength={LENGTH_MOST}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
        ref={field}
      />
      <Colleagues
        text={text}
        choose={(next) => {
          setText(next)
          field.current?.focus()
        }}
      />
      {say.isError && (
        <p className={styles.problem} role="alert">
          {say.error.message}
        </p>
      )}
      <div className={styles.actions}>
        <Button type="submit" variant="filled" disabled={!text.trim()} loading={say.isPending}>
          {t('Comment')}
        </Button>
      </div>
    </form>
  )
}

const TOLD_MOST = 6

/** Whoever works here and is meant by what stands behind the last @: one press writes their address. */
function Colleagues({ text, choose }: { text: string; choose: (text: string) => void }) {
  const begun = /(?:^|[\s(])@([^\s@]*)$/.exec(text)
  const { data } = useQuery({ ...accounts, enabled: begun !== null })
  if (!begun) return null
  const wanted = begun[1]!.toLowerCase()
  const found = (data ?? []).filter(({ state, name, email }) => state === 'active' && `${name} ${email}`.toLowerCase().includes(wanted)).slice(0, TOLD_MOST)
  if (found.length === 0) return null
  return (
    <div className={styles.tools} role="group" aria-label={t('Turn to')}>
      {found.map(({ id, name, email }) => (
        <Button key={id} variant="subtle" size="compact-xs" onClick={() => choose(`${text.slice(0, text.length - wanted.length)}${email} `)}>
          {name || email}
        </Button>
      ))}
    </div>
  )
}

function Said({ about, comment }: { about: string; comment: Comment }) {
  const [editing, setEditing] = useState(false)
  const resolved = comment.resolved_at !== null
  const settle = useChange(about, () => changeComment(comment.id, { resolved: !resolved }))
  const drop = useChange(about, () => dropComment(comment.id))
  const name = comment.by_name || comment.by
  return (
    <li className={styles.comment} data-resolved={resolved || undefined}>
      <PersonMark name={name} size={24} />
      <div className={styles.who}>
        <strong>{name}</strong>
        <span className="faint">
          <Ago at={comment.at} />
          {comment.edited_at && ` · ${t('changed')}`}
          {resolved && ` · ${t('settled')}`}
        </span>
      </div>
      {editing ? <EditForm about={about} comment={comment} close={() => setEditing(false)} /> : <Text text={comment.text} mentions={comment.mentions} />}
      {!editing && (
        <div className={styles.tools}>
          <Button variant="subtle" size="compact-xs" loading={settle.isPending} onClick={() => settle.mutate()}>
            {resolved ? t('Open again') : t('Settle')}
          </Button>
          {comment.own && (
            <>
              <Button variant="subtle" size="compact-xs" onClick={() => setEditing(true)}>
                {t('Change')}
              </Button>
              <Button variant="subtle" size="compact-xs" loading={drop.isPending} onClick={() => drop.mutate()}>
                {t('Take back')}
              </Button>
            </>
          )}
        </div>
      )}
    </li>
  )
}

function EditForm({ about, comment, close }: { about: string; comment: Comment; close: () => void }) {
  const [text, setText] = useState(comment.text)
  const change = useChange(about, () => changeComment(comment.id, { text }), close)
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        change.mutate()
      }}
    >
      <Textarea aria-label={t('Your comment')} autosize minRows={2} maxLength={LENGTH_MOST} value={text} onChange={(event) => setText(event.currentTarget.value)} autoFocus />
      {change.isError && (
        <p className={styles.problem} role="alert">
          {change.error.message}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={close}>{t('Leave it as it was')}</Button>
        <Button type="submit" variant="filled" disabled={!text.trim()} loading={change.isPending}>
          {t('Save')}
        </Button>
      </div>
    </form>
  )
}

/** Plain text, whatever is in it; whom it turns to stands out. */
function Text({ text, mentions }: { text: string; mentions: string[] }) {
  const pieces = text.split(/(@[\w.+-]+@[\w.-]*\w)/)
  return (
    <p className={styles.text}>
      {pieces.map((piece, i) =>
        mentions.includes(piece.slice(1).toLowerCase()) ? (
          <span key={i} className={styles.mention}>
            {piece}
          </span>
        ) : (
          <Fragment key={i}>{piece}</Fragment>
        ),
      )}
    </p>
  )
}
