# The figures of a wave as a data frame, with base R (3.6 or newer) and no package.
#
#     SOUNDINGS_URL=https://survey.example.org SOUNDINGS_KEY=snd_... Rscript summary.R 2022-fall
#
# A row is one number: `measure` says which, of which item or construct (`key`), in which group and school. A withheld
# cell has one row with status "protected" and no value; it is neither 0 nor missing by chance.

soundings <- function(path, base = Sys.getenv("SOUNDINGS_URL"), key = Sys.getenv("SOUNDINGS_KEY")) {
  stopifnot(nzchar(base), nzchar(key))
  connection <- url(paste0(base, path), open = "rb", headers = c(Authorization = paste("Bearer", key)))
  on.exit(close(connection))
  lines <- readLines(connection, encoding = "UTF-8", warn = FALSE)
  lines[1] <- sub("^\ufeff", "", lines[1]) # the mark that Excel needs
  read.csv(text = lines, colClasses = "character", na.strings = "", encoding = "UTF-8", check.names = FALSE)
}

summary_of <- function(wave, ...) {
  figures <- soundings(paste0("/v1/waves/", wave, "/summary?format=csv"), ...)
  figures$value <- as.numeric(figures$value)
  figures$release <- as.integer(figures$release)
  figures$score <- as.integer(figures$score)
  figures$simulated <- figures$simulated == "true"
  figures
}

hundredths <- function(share) round(100 * share, 9) # without what computing adds to a number

# A share in words, halves up; some are never said to be none, nor all.
percent <- function(share) {
  whole <- floor(hundredths(share) + 0.5)
  said <- paste0(whole, "%")
  said[which(share > 0 & whole == 0)] <- "<1%"
  said[which(share < 1 & whole == 100)] <- ">99%"
  said
}

# Favorable answers of one construct by school, ready to print: base and share side by side, withheld cells named.
favorable <- function(figures, construct) {
  rows <- figures[figures$kind == "construct" & figures$key == construct, ]
  rows$place <- ifelse(!is.na(rows$school), rows$school, ifelse(is.na(rows$schools), "all schools", rows$schools))
  cells <- unique(rows[, c("group", "place", "status")])
  pick <- function(measure) {
    found <- rows[which(rows$measure == measure), ]
    found$value[match(paste(cells$group, cells$place), paste(found$group, found$place))]
  }
  cells$n <- pick("n")
  cells$share <- pick("favorable.share")
  cells$low <- pick("favorable.low")
  cells$high <- pick("favorable.high")
  range <- paste0(floor(hundredths(cells$low)), "% to ", ceiling(hundredths(cells$high)), "%") # all that some are told
  share <- ifelse(is.na(cells$share), range, percent(cells$share))
  cells$said <- ifelse(cells$status == "protected", "withheld", share)
  cells
}

if (!interactive()) {
  figures <- summary_of(commandArgs(trailingOnly = TRUE)[1])
  if (any(figures$simulated)) message("Simulated: no person gave these answers.")
  for (construct in unique(figures$key[figures$kind == "construct"])) {
    cat("\n", construct, "\n", sep = "")
    print(favorable(figures, construct), row.names = FALSE)
  }
}
