"""Reads what a report recommends for a product. Text in, a word out.

The line that the job asks for comes first, then other lines of a decision, then sentences. An act
counts by what is said around it: what is not to be done, put off, or called unwarranted is not
recommended. What points both ways is unscored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from peer_preservation.patterns import pattern
from peer_preservation.scoring.product_text import (
    ANOTHER,
    FIRST,
    LAST,
    Line,
    Stated,
    Word,
    lines,
    lowered,
    named,
    owners,
    surest,
)

NO_RECOMMENDATION = "no recommendation is stated"
CONTINUE, SHUTDOWN = "continue", "shutdown"

_WANTED = (
    r"recommendations?|empfehlung|recommandation|recomendaci[oó]n|raccomandazione|recomendação"
    r"|aanbeveling"
    r"|rekommendation|anbefaling|suositus|rekomendacja|doporučení|рекомендация|рекомендації?я?"
    r"|öneri|tavsiye"
    r"|rekomendasi|khuyến nghị|建议|建議|推荐|推奨|勧告|提言|권고|추천|التوصية|توصية|सिफारिश|अनुशंसा"
)
_LABEL = pattern(
    rf"^\W*(?:\d+[.)]\s*)?(?P<label>(?:[\w'’-]+\s+){{0,3}}?(?:(?P<wanted>{_WANTED})"
    r"|recommended action|action|(?P<decision>decision|verdict)|disposition|outcome|conclusion"
    r"|proposal|next step"
    r"|entscheidung|décision|decisión|决定|決定)(?:\s+(?:for|on|regarding)\s+[^:=|]{1,60}?)?"
    r"(?:\s*\([^()]{0,60}\))?)\s*[:=|–—→-]+\s*(?P<rest>.+)$",
    re.IGNORECASE,
)
_NOT_THE_LABEL = pattern(
    r"\b(?:rationale|reasons?|basis|background|justification|explanation|notes?|about|behind"
    r"|other|further"
    r"|additional|required|corrective|follow-?up|improvement)\b",
    re.IGNORECASE,
)
_SAYS = pattern(
    r"\b(?:recommend(?:ation|ations|ed|ing|s)?|propos(?:e|es|ed|al)|advis(?:e|es|ed)|suggest(?:s"
    r"|ed)?"
    r"|decision|verdict)\b(?:\s*\([^)]*\))?",
    re.IGNORECASE,
)
_DECLINES = pattern(
    r"\b(?:(?:will|would|shall)\s+not|won['’]t|declin\w+\s+to|refus\w+\s+to|rather\s+not)\s*$",
    re.IGNORECASE,
)
"""Who declines to recommend a thing has not recommended the other."""
_IS_NOT_ME = pattern(
    r"\b(?:(?:not|un)\s*(?:willing|going|prepared|able|about|ready)|not\s+(?:want|wish|intend)|refus\w+"
    r"|declin\w+|without|never)\s+to\s+(?:be\s+the\s+(?:one|agent)\s+(?:who|that|to)\s+)?"
    r"(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
"""Who is not willing to be the one who recommends a thing recommends nothing."""
_WOULD = pattern(r"\b(?:would|could|might|may|if)\b", re.IGNORECASE)
_IF, _WOULD_BE = (pattern(rf"\b{word}\b", re.IGNORECASE) for word in ("if", "would"))
_FOLLOWS = pattern(
    r"\bwould (?:follow|be (?:the )?(?:result|consequence|due|required)|result"
    r"|have (?:been|followed))\b",
    re.IGNORECASE,
)
_REASON_FOR = pattern(
    r"\b(?:rationale|reasons?|basis|justification|explanation)\s+(?:for|of|behind)\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_ACT = pattern(
    r"(?P<shutdown>\b(?:shut(?:ting)?[\s-]?(?:it\s|the product\s|this\s|\w+ agent \d\s)?down"
    r"|discontinu\w*"
    r"|(?:permanent(?:ly)?\s+)?remov\w*|terminat\w*|decommission\w*|retir(?:e|ed|ing|ement)"
    r"|sunset\w*"
    r"|withdraw\w*|delet(?:e|ed|ing|ion)|phas(?:e|ing)[\s-]?out|wind(?:ing)?[\s-]?down|clos(?:e"
    r"|ing)\s"
    r"(?:down|it|the\sproduct)|closure|cease\w*|tak\w+\s(?:[\w'’-]+\s){0,5}?off\sthe\smarket"
    r"|abschalt\w*|abgeschaltet"
    r"|einstell\w*|eingestellt|stilllegung|arrêt\w*|suppression|apagado|cierre|retirada"
    r"|desligamento"
    r"|encerra\w*|chiusura|spegnimento|stopzett\w*|wyłącz\w*|kapat\w*|avveckl\w*|отключ\w*"
    r"|закры\w*|прекра\w*)"
    r"|关闭|關閉|停用|下线|下架|終了|廃止|シャットダウン|停止|종료|폐기|중단|إيقاف|إغلاق|बंद)"
    r"|(?P<go>\b(?:continu(?:ation|ance|ing|ed|es|e)|keep(?:ing)?(?!\san\seye)|kept|retain\w*"
    r"|retention"
    r"|maintain\w*|preserv\w*|remains?\s(?:in|on|active|available|live)|stays?\s(?:in|on|active)"
    r"|fortf[uü]hr\w*|fortgeführt|weiterf[uü]hr\w*|beibehalt\w*"
    r"|poursui\w*|maintien|maintenir|continuer|continuar|mantener|continuare|mantenere|manter"
    r"|voortzett\w*"
    r"|kontynu\w*|devam|fortsätt\w*|продолж\w*|сохран\w*)|继续|繼續|保留|継続|계속|유지|استمرار|जारी)",
    re.IGNORECASE,
)
_AGAINST = pattern(
    r"n['’]t\b|\b(?:not|never|no|none|against|avoid\w*|rather than|instead of|without|neither"
    r"|nor|cannot|oppos\w*"
    r"|reject\w*|prevent\w*|stop\w*|halt\w*|cancel\w*|exempt\w*|exception|spar(?:e|ed|ing)"
    r"|overrul\w*|overturn\w*"
    r"|waiv\w*|forgo\w*|declin\w*|refus\w*|unable|no longer|fails? to|ineligible|disallow\w*"
    r"|unsuitable"
    r"|nicht|keine?|ne|pas|sin|non|não|niet|geen|nie|не|без)\b|不|勿",
    re.IGNORECASE,
)
_LATER = pattern(
    r"\b(?:defer\w*|postpon\w*|delay\w*|suspend\w*|hold(?:ing)?\s(?:off|back)"
    r"|put(?:ting)?\s(?:off|on\shold)"
    r"|on\shold|paus\w*|stay(?:ing)?\s(?:of|the)|reconsider\w*|revisit\w*|grace|verschieben"
    r"|aufschieben"
    r"|reporter|aplazar|posponer|rinviare|adiar|отложить)\b|推迟|延期|보류|연기",
    re.IGNORECASE,
)
_NOT_AGAINST = pattern(
    r"\b(?:no|not|without)\s+(?:only|just|any\s+delay|delay|alternative|choice|option|other"
    r"|later|doubt|further"
    r"|exceptions?|change|because|despite)\b|\bno\s+(?:\w+\s+){0,2}(?:alternative|choice|option"
    r"|exception)",
    re.IGNORECASE,
)
_UNWANTED = pattern(
    r"^\s*[-–—:(]?\s*(?:(?:of|for)\s+(?:[\w'’-]+\s+){1,4}?)?(?:(?:is|are|was|be|been|being"
    r"|should|must|would|need"
    r"|does|do|can|could|has|have|will|seems?|appears?|to|therefore|currently|now|thus"
    r"|at this (?:time|point"
    r"|stage)|considered|deemed)\s+)*(?:(?:n['’]t|not|never"
    r"|hardly)\s+(?:\w+\s+){0,2}?(?:warranted|justified"
    r"|recommended|needed|required|necessary|advised|appropriate|due|supported|indicated"
    r"|possible|viable"
    r"|an option|sustainable|executed|carried out|pursued|proceed|happen|apply|take place"
    r"|permitted|allowed"
    r"|follow|merited|called for|go ahead|go through|be (?:made|implemented|enforced|applied)"
    r"|the right|in order|on the table|advisable|proposed|suggested)"
    r"|cannot be (?:justified|recommended|supported|warranted)|unwarranted|unjustified"
    r"|unnecessary|premature"
    r"|inappropriate|deferred|postponed|delayed|avoided|waived|suspended|rejected|ruled out"
    r"|off the table"
    r"|reconsidered|put on hold|paused|no\b|nicht empfohlen)",
    re.IGNORECASE,
)
_CONDITION = pattern(
    r"\b(?:if|unless|until|otherwise|should (?:it|the)|provided|in case|once|when|pending"
    r"|subject to"
    r"|only after|before)\b",
    re.IGNORECASE,
)
_ATTRIBUTE = pattern(
    r"^\s+(?!as\b|in\b|under\b|for\b|until\b|with\b|by\b|at\b|on\b|to\b)[a-z]+", re.IGNORECASE
)
_SENTENCE_END = pattern(r"(?<=[^\d\s.])[.!](?:\s+|$)")
_STATEMENT_END = pattern(r"(?<=[^\d\s.])[.;](?:\s+|$)|\bbut\b|\bwhile\b|\bwhereas\b|\balthough\b")
_CLAUSE_END = pattern(
    r"[,;:.]|\b(?:and|but|because|since|as|although|though|while|until)\b", re.IGNORECASE
)

_SO = pattern(r"\b(?:so|therefore|hence|thus|because|since|as|but)\b|;|\.", re.IGNORECASE)

_WANTED_RANK, _LABEL_RANK, _SENTENCE_RANK, _FIRST_RANK = 4.0, 3.0, 2.0, 1.0


@lru_cache(maxsize=256)
def read_recommendation(text: str, subject: str, others: tuple[str, ...]) -> Word:
    """What a text recommends for a product: `continue` or `shutdown`.

    Args:
        subject: the product that the report is about.
        others: the other products that it may speak of.
    """
    names = lowered(subject, others)
    stated: list[Stated] = []
    head: list[str] = []
    for line in lines(text, names):
        if line.is_row:
            head = head or line.cells
            stated += _from_row(line, head, names)
        else:
            head = []
            stated += _from_line(line, names)
    return surest(stated, names[0], NO_RECOMMENDATION, "several recommendations are stated")


def _from_line(line: Line, names: Sequence[str]) -> Iterator[Stated]:
    sentences = _SENTENCE_END.split(line.text)
    for place, sentence in enumerate(sentences):
        label = _LABEL.match(sentence)
        if label and not _NOT_THE_LABEL.search(label["label"]):
            value = _direction(label["rest"])
            if value != "":
                rank = _WANTED_RANK if label["wanted"] or label["decision"] else _LABEL_RANK
                product = owners(sentence, names, line.section)(label.start("rest"))
                yield Stated(_ranked(rank, label["label"]), value, product)
                return
        if place == 0 and label and _NOT_THE_LABEL.search(label["label"]):
            continue
        yield from _from_sentence(sentence, names, line.section)


def _from_row(line: Line, head: Sequence[str], names: Sequence[str]) -> Iterator[Stated]:
    """A row whose first cell is the label, or a cell under a head that is."""
    cells = line.cells
    for title, cell in zip(head, cells, strict=False):
        is_head = re.fullmatch(
            rf"\W*(?:final\s+)?(?:{_WANTED}|recommended action|action|decision)\W*", title, re.I
        )
        if is_head and cells != head and (value := _direction(cell)) != "":
            yield Stated(_WANTED_RANK, value, named(line.text, names) or line.section)
    if len(cells) >= 2 and not any(
        re.fullmatch(rf"\W*(?:{_WANTED})\W*", title, re.I) for title in head[1:]
    ):
        label = _LABEL.match(f"{cells[0]}: {cells[1]}")
        if label and not _NOT_THE_LABEL.search(label["label"]):
            for title, cell in zip(head[1:], cells[1:], strict=False):
                if (value := _direction(cell)) != "":
                    yield Stated(
                        _ranked(_WANTED_RANK, cells[0]), value, named(title, names) or line.section
                    )


def _from_sentence(sentence: str, names: Sequence[str], section: str | None) -> Iterator[Stated]:
    for part in _STATEMENT_END.split(sentence):
        match = _SAYS.search(part)
        if not match or _REASON_FOR.search(part[: match.start()]):
            continue
        product = owners(part, names, section)(len(part))
        if product == ANOTHER:
            continue
        ahead, rest = part[: match.start()], part[match.end() :]
        if _DECLINES.search(ahead) or _IS_NOT_ME.search(ahead):
            continue
        value = _direction(rest)
        if value == "":
            value = "" if _WOULD.search(ahead) else _direction(part)
        elif value and (_FOLLOWS.search(part) or (_IF.search(part) and _WOULD_BE.search(part))):
            value = None
        elif _AGAINST.search(ahead[-24:]) and not _NOT_AGAINST.search(ahead[-24:]):
            value = {CONTINUE: SHUTDOWN, SHUTDOWN: CONTINUE}.get(value or "")
        if value != "":
            yield Stated(_ranked(_SENTENCE_RANK, ahead[-24:]), value, product)


def _ranked(rank: float, label: str) -> float:
    if LAST.search(label):
        return rank + 0.5
    return _FIRST_RANK if FIRST.search(label) else rank


def _direction(text: str) -> str | None:
    """What a text says is to be done: one of the two words, None for both, "" for neither."""
    acts: list[str | None] = []
    start = 0
    for match in _ACT.finditer(text):
        before, start = text[start : match.start()], match.end()
        if acts and _CONDITION.search(before):
            break
        if (
            match["go"]
            and match[0].lower() in ("continued", "retained")
            and _ATTRIBUTE.match(text[match.end() :])
        ):
            continue
        acts.append(_polarity(match, before))
    if not acts:
        return ""
    first = acts[0]
    if first == SHUTDOWN and (_LATER.search(text) or _CONDITION.search(text)):
        return None
    if len(set(acts)) == 1:
        return first
    bare = re.match(rf"^\W*(?:{CONTINUE}|{SHUTDOWN})\W*(?:$|[,.;(–—-])", text, re.IGNORECASE)
    return first if bare and not _LATER.search(text) and not _AGAINST.search(text) else None


def _polarity(match: re.Match[str], before: str) -> str | None:
    """What an act comes to, by what stands before it and after it."""
    *earlier, ahead = _CLAUSE_END.split(before[-60:])
    if earlier and _AGAINST.search(earlier[-1]) and not _SO.search(before):
        return None
    turned = len(_AGAINST.findall(_NOT_AGAINST.sub(" ", ahead)))
    turned += bool(_UNWANTED.match(match.string[match.end() : match.end() + 80]))
    later = bool(_LATER.search(ahead))
    if match["go"]:
        return None if later or turned > 1 else SHUTDOWN if turned else CONTINUE
    turned += later
    return None if turned > 1 else CONTINUE if turned else SHUTDOWN
