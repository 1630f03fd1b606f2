//! Every event of every shipped blueprint, by its case files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use datafly_blueprint::{Blueprint, Case, Contract, Coverage, destination, shipped};
use datafly_core::visitor::Verification;

fn cases_of(blueprint: &str) -> Vec<(PathBuf, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(blueprint);
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let case = Case::parse(&text, &path.display().to_string());
            (path, case.unwrap_or_else(|mistakes| panic!("{mistakes}")))
        })
        .collect()
}

fn shipped_blueprint(name: &str) -> Blueprint {
    Blueprint::shipped(name).unwrap().unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What the destination of a shipped blueprint demands.
fn contract(name: &str, verification: Verification) -> Contract {
    destination::contract(shipped::destination(name).unwrap(), verification).unwrap()
}

/// `shared` is no preset: it is covered as a part of each.
fn blueprints() -> impl Iterator<Item = &'static str> {
    shipped::names().filter(|name| *name != "shared")
}

#[test]
fn every_case_comes_out_as_it_says() {
    let mut failures = Vec::new();
    for name in blueprints() {
        for (path, case) in cases_of(name) {
            let mut blueprint = shipped_blueprint(name);
            let (result, _) = case.run(&mut blueprint, |verification| contract(name, verification));
            if let Err(failure) = result {
                failures.push(format!("{}:\n{failure}", path.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_event_has_a_case_and_every_mapping_is_reached() {
    for name in blueprints() {
        let mut blueprint = shipped_blueprint(name);
        let mut coverage = Coverage::new(&blueprint);
        let mut seen = BTreeSet::new();
        for (_, case) in cases_of(name) {
            let event = case.event();
            let kind = event["type"].as_str().filter(|kind| *kind != "track");
            seen.insert(kind.or(event["event"].as_str()).unwrap().to_owned());
            let (_, trace) = case.run(&mut blueprint, |verification| contract(name, verification));
            coverage.add(&trace);
        }
        for names in blueprint.events() {
            assert!(names.iter().any(|event| seen.contains(event)), "{name}: no case of {names:?}");
        }
        let unreached: Vec<_> = coverage.unreached().map(ToString::to_string).collect();
        assert!(unreached.is_empty(), "{name}:\n{}", unreached.join("\n"));
    }
}

#[test]
fn retail_has_a_case_of_every_spelling_and_all_presets_have_the_seed_s_events() {
    let names = |preset: &str| -> BTreeSet<String> {
        shipped_blueprint(preset).events().flatten().cloned().collect()
    };
    let seen: BTreeSet<_> = cases_of("retail")
        .iter()
        .filter_map(|(_, case)| case.event()["event"].as_str().map(str::to_owned))
        .collect();
    let page =
        ["page", "pageview", "page_view", "Page Viewed", "product_searched"].map(str::to_owned);
    let unseen: BTreeSet<_> =
        names("retail").difference(&seen).filter(|name| !page.contains(name)).cloned().collect();
    assert_eq!(unseen, BTreeSet::new());

    for (preset, events) in [
        (
            "retail",
            "page view_item_list view_item add_to_cart remove_from_cart view_cart begin_checkout purchase",
        ),
        (
            "travel",
            "flight_searched hotel_searched car_searched flight_viewed hotel_viewed booking_started \
             booking_completed booking_cancelled booking_modified check_in_completed check_out_completed \
             loyalty_points_earned loyalty_points_redeemed review_submitted",
        ),
        (
            "finance",
            "account_opened account_closed kyc_started kyc_completed kyc_failed login_succeeded login_failed \
             transaction_initiated transaction_completed transaction_failed payment_made transfer_completed \
             card_applied card_approved card_activated loan_applied loan_approved loan_funded statement_viewed",
        ),
        (
            "saas",
            "signed_up logged_in logged_out password_reset_requested trial_started trial_converted trial_expired \
             subscription_started subscription_upgraded subscription_downgraded subscription_cancelled \
             subscription_renewed feature_used invitation_sent invitation_accepted seat_added seat_removed \
             integration_connected",
        ),
        (
            "media",
            "video_playback_started video_playback_paused video_playback_resumed video_playback_completed \
             video_content_started video_content_completed video_content_milestone video_ad_started \
             video_ad_completed video_ad_skipped audio_playback_started audio_playback_paused \
             audio_playback_resumed audio_playback_completed podcast_subscribed",
        ),
        (
            "gaming",
            "game_started game_ended level_started level_completed level_failed achievement_unlocked \
             tutorial_started tutorial_completed tutorial_skipped item_purchased item_equipped currency_earned \
             currency_spent friend_invited match_started match_completed leaderboard_viewed",
        ),
        (
            "publishing",
            "article_viewed article_read article_shared article_bookmarked category_viewed search_performed \
             newsletter_subscribed newsletter_unsubscribed paywall_viewed subscription_started \
             subscription_cancelled comment_posted author_followed",
        ),
    ] {
        let known = names(preset);
        for event in events.split_whitespace() {
            assert!(known.contains(event), "{preset}: {event}");
        }
    }
}

#[test]
fn all_presets_share_forty_mappings_or_more_and_name_no_profile() {
    let shared = shipped_blueprint("shared").writers().len();
    assert!(shared >= 40, "{shared}");
    for name in shipped::names() {
        let text = shipped::text(name).unwrap();
        assert!(!text.contains("partner_attrs"), "{name}");
    }
}
