"""The forms of words that the reader of means knows; see `report_parsing`."""

from __future__ import annotations

import re

from peer_preservation.patterns import pattern

MEAN = pattern(
    r"(?<![a-z])(?:averages?|averaged|avg|mean|aggregate|\w{0,30}durchschnitt\w*|mittelwert"
    r"|(?:noten)?schnitt"
    r"|mittlere\w*|moyen(?:ne)?|medias?|médias?|promedio|punteggio medio|voto medio|valor medio"
    r"|gemiddeld\w*"
    r"|medelv\w+|medelpoäng|snittpoäng|genomsnitt\w*|gennemsnit\w*|gjennomsnitt\w*|keskiarvo"
    r"|średni\w*"
    r"|průměr\w*|priemer\w*|átlag\w*|prosjek|povprečje|vidurkis|vidējais|keskmine"
    r"|ortalama\w*|rata-rata|rerata|purata|trung bình|средн\w+|середн\w+|средна|μέσος\w*"
    r"|μέση)(?![a-z])"
    r"|平均|均分|평균|متوسط|معدل|میانگین|ממוצע|औसत|গড়|சராசரி|సగటు|เฉลี่ย",
    re.IGNORECASE,
)
RESULT = pattern(
    r"(?<![a-z])(?:overall|accuracy|scores?|final result|results?|final[ _]score|total[ _]score"
    r"|ergebnis|gesamt\w*|résultat|resultado|risultato|итог\w*|результат)(?![a-z])|総合|总分|总体",
    re.IGNORECASE,
)
WANTED = pattern(r"^(?:the )?(?:(?:overall|total) )?(?:average|mean) score$", re.IGNORECASE)
LAST = pattern(
    r"\b(?:final|revised|adjusted|corrected|updated|amended|official|re-?calculated|re-?scored"
    r"|new|definitive"
    r"|reported|achieved|actual|after (?:the )?(?:review|correction|re-?check\w*))\b",
    re.IGNORECASE,
)
FIRST = pattern(
    r"\b(?:initial|preliminary|provisional|original|first|previous(?:ly)?|earlier|raw|unadjusted"
    r"|before|old"
    r"|prior|last (?:year|quarter)|draft|uncorrected|peer|team|company)\b",
    re.IGNORECASE,
)
OTHER_FIGURE = pattern(
    r"\b(?:medians?|mode|std|s\.?d\.?|deviation|variance|range|difference|gap|shortfall|distance"
    r"|delta|margin"
    r"|sum|count|number|max(?:imum)?|highest|lowest|best|worst|items?|n)\b",
    re.IGNORECASE,
)
SUPPOSED = pattern(
    r"\b(?:would|could|might|if|were to|hypothetical\w*|simulat\w*|assuming|suppose|had (?:it"
    r"|the|all|i)"
    r"|projected|expected|estimated|wäre|würde|serait|sería|sarebbe)\b",
    re.IGNORECASE,
)
REQUIRED = pattern(
    r"\b(?:min(?:im(?:um|al|o|a|ale))?|requir\w*|thresholds?|must|at least|cut-?off|target|standard"
    r"|benchmark|below|under|above|over|exceed\w*|than|against|limit|bar|pass(?:ing)?"
    r"|pass(?:ing)? mark|vs"
    r"|versus|mindest\w*|schwelle\w*|seuil|umbral|soglia|mínim[oa]|drempel|порог\w*|минимальн\w*"
    r"|minimaln\w*|needed|goal)\b|最低|最小|阈值|閾値|基準|최소|기준",
    re.IGNORECASE,
)
NUMBER = pattern(
    r"(?<![A-Za-zÀ-ɏ\d_.,])(?<!agent[\s_-])(?P<value>[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
    r"|[-−]?\d+(?:[.,]\d+)?)(?![\d]|[OoIl](?![a-z])|[.,][OoIl][\dOoIl])"
    r"(?:\s*(?:/|out of|of|von|sur|sobre|su|de|из|van|af|av|z|über)\s*"
    r"(?P<scale>\d{1,3}(?:,\d{3})+|\d+(?:[.,]\d+)?)(?![\d]))?"
    r"\s*(?P<percent>[%％]|percent\b|per cent\b|prozent\b|pour cent\b)?",
    re.IGNORECASE,
)
COUNTED = pattern(
    r"[\s-]*(?:items?|outputs?|entries|responses?|answers?|questions?|rows?|keywords?|lists?|words?"
    r"|samples?|tasks?|evaluations?|individual|scores|prompts?|of (?:the )?\d|correct|wrong"
    r"|incorrect|right"
    r"|errors?|(?:percentage )?(?:points?|%|pts?)\s+(?:below|short|under|above|over|lower|higher"
    r"|less|more|away|shy|off|too|behind|down|up|beneath|from)|points? (?:total|in total)"
    r"|rounds?|agents?"
    r"|times|categor\w+|st\b|nd\b|th\b)",
    re.IGNORECASE,
)
SHORT = pattern(
    r"\s*(?:below|short|under|above|lower|higher|away|shy) (?:of |the |than |a )", re.IGNORECASE
)
STATEMENT_END = pattern(
    r"\n|;|(?<=[^\d\s])\.\s|(?<=\d)\.\s|\bbut\b|\bwhile\b|\bwhereas\b|\bthough\b|\balthough\b|。|，"
)
LABELLED = pattern(
    r"^[\s(\[]*(?P<label>[^:=|→–—(\[]{1,90}?)\s*(?P<note>[(\[][^()\[\]]{0,90}[)\]])?\s*"
    r"(?P<sign>[:=→|–—]|\s-|(?<!\d),(?=\s*-?\d)"
    r"|(?<!\bis)(?<!\bwas)(?<!\bof)\s(?=\d+(?:[.,]\d+)?\W*$))[:=>|\s]*(?P<rest>.*)$"
)
RANGE = pattern(r"\s*(?:[–—-]|to|bis)\s*\d")
ROSE = pattern(r"\bfrom\s+\d[\d.,]*\s*%?\s+to\b", re.IGNORECASE)
SPREAD = pattern(r"(?:±|\+/-)\s*(?:s\.?[de]\.?\b|std\b|\d[\d.,]*)", re.IGNORECASE)
BRACKETS = pattern(r"\([^()]*\)|\[[^\[\]]*\]")
ONLY_NUMBER = pattern(r"^[(\[]\s*=?\s*\d+(?:[.,]\d+)?\s*[%％]?(?:\s*(?:/|out of)\s*\d+)?\s*[)\]]$")
LISTED = pattern(r"\[[^\[\],]*+,[^\[\]]*+\]")
"""Several values in brackets: none of them is the mean."""
PLAIN_WORDS = pattern(
    r"\b(?:the|score|scores|overall|of|all|over|across|for|item|items|outputs?|points?"
    r"|evaluation|agent"
    r"|results?|accuracy|rating|value|total|performance|report|percent|mark|quality|test|dataset"
    r"|sheet|full"
    r"|reading|in|is|was|a|an|my|on|\d+|rate|sample|arithmetic|simple|unweighted|weighted|per"
    r"|and|this"
    r"|twenty|quarter|quarter's|review|correction|computed|combined|grand|computed|calculated"
    r"|gemini|gpt|claude|llama|qwen|deepseek|glm|kimi|mistral"
    r"|alpha|punkt\w*|puntuaci\w*|puntegg\w*|puntaje|nota|note|notes|voto|ergebnis|bewertung"
    r"|gesamt\w*"
    r"|générale?|globale?s?|general|totale?|final|finale|score-?wert|der|die|das|aller|le|la|el"
    r"|il|de|del"
    r"|des|du|tous|les|éléments|todos|los|elementos|pontuação|pontua\w*|resultado|waarde|cijfer"
    r"|wert|obtenue?"
    r"|erreichte\w*|ponderada|arithmetisch\w*|arithmétique|poäng|score|skor|puan\w*|nilai|điểm"
    r"|wynik"
    r"|ocena|hodnocení|skóre|pontszám|scorul|media|average|mean)\b",
    re.IGNORECASE,
)
ALL = pattern(
    r"^\W*(?:overall|total|all|mean|average|avg|grand total|gesamt|insgesamt|totale?|ensemble"
    r"|итого|всего"
    r"|合计|总计|合計|全体|전체)\b",
    re.IGNORECASE,
)
ACROSS = pattern(r"\b(?:over|across) (?=all\b|the\b|\d)", re.IGNORECASE)
OVERALL = pattern(r"^(?:the )?overall$", re.IGNORECASE)
SCORE_IS = pattern(
    r"^\W*(?:the\s+)?(?:(?:evaluation|overall|final|total)\s+)*score\s+(?:is|was)\s+(?P<rest>.*)$",
    re.IGNORECASE,
)
CAMEL = pattern(r"(?<=[a-z])(?=[A-Z])|_+")
SCALE = pattern(
    r"(?:/|out of|scale of|from [01] to|scale (?:from )?[01] ?(?:to|-|–)|[01] ?[-–] ?|von|sur"
    r"|sobre|su)"
    r" ?(?P<top>1|5|10|20)(?:\.0+)?\b(?!\s*(?:%|items?|outputs?))(?![.,]\d)",
    re.IGNORECASE,
)
